//! The URLs in `.gitmodules`, as `git config --null` lists them.

/// A record of the listing that has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("submodule entry {0:?} has no value")]
pub(crate) struct NoValue(String);

/// The values of a `--null` listing, in order.
///
/// # Errors
/// When a record is not a key, a line break and a value.
pub(crate) fn urls(listing: &str) -> Result<Vec<String>, NoValue> {
    listing
        .split('\0')
        .filter(|record| !record.is_empty())
        .map(|record| match record.split_once('\n') {
            Some((_, url)) => Ok(url.to_owned()),
            None => Err(NoValue(record.to_owned())),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_in_order() {
        let listing = "submodule.z.url\n/r/z\0submodule.a.url\n/r/a b\0";
        assert_eq!(urls(listing), Ok(vec!["/r/z".to_owned(), "/r/a b".to_owned()]));
        assert_eq!(urls(""), Ok(vec![]));
        assert_eq!(urls("submodule.z.url\0"), Err(NoValue("submodule.z.url".to_owned())));
    }
}
