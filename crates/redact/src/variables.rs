//! Which variables of an environment hold secrets (spec/redaction-and-logs.md §2.1).

use crate::names::{BadPatterns, NamePatterns};

/// Shorter values under matching names are not redacted: they would eat ordinary text.
pub const MIN_VALUE_LEN: usize = 6;

/// The variables of an environment whose names match.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct SecretVariables<'a> {
    /// Name and value of those that are secrets.
    pub secrets: Vec<(&'a str, &'a [u8])>,
    /// Names of those that are too short to be redacted, sorted. For the warning `short-redacted-vars`.
    pub short: Vec<&'a str>,
}

impl<'a> SecretVariables<'a> {
    /// The secret values.
    pub fn values(&self) -> impl Iterator<Item = &'a [u8]> + '_ {
        self.secrets.iter().map(|(_, value)| *value)
    }
}

/// Sorts out the variables whose names match `patterns`.
pub fn secret_variables<'a>(
    patterns: &NamePatterns,
    variables: impl IntoIterator<Item = (&'a str, &'a [u8])>,
) -> Result<SecretVariables<'a>, BadPatterns> {
    let mut found = SecretVariables::default();
    for (name, value) in variables {
        if value.is_empty() || !patterns.matches(name)? {
            continue;
        }
        if value.len() < MIN_VALUE_LEN {
            found.short.push(name);
        } else {
            found.secrets.push((name, value));
        }
    }
    found.short.sort_unstable();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::NameCase;

    #[test]
    fn values_are_sorted_out_by_name_and_length() {
        let environment = [
            ("B_TOKEN", "12345"),
            ("A_TOKEN", "x"),
            ("C_TOKEN", "123456"),
            ("D_TOKEN", ""),
            ("E", "1234567"),
        ]
        .map(|(name, value)| (name, value.as_bytes()));
        let found = secret_variables(&NamePatterns::defaults(), environment).unwrap();
        assert_eq!(found.secrets, [("C_TOKEN", "123456".as_bytes())]);
        assert_eq!(found.short, ["A_TOKEN", "B_TOKEN"]);
        let bad = NamePatterns::new(["[bad"], NameCase::Exact);
        assert!(secret_variables(&bad, environment).is_err());
        let none = NamePatterns::new([""; 0], NameCase::Exact);
        assert_eq!(secret_variables(&none, environment).unwrap(), SecretVariables::default());
    }
}
