//! Variables as one block of bytes: each `NAME=value` and a zero, which no variable contains.

use std::ffi::{OsStr, OsString};

use crate::from_bytes;

/// Variables as a block.
pub fn packed<'a>(variables: impl IntoIterator<Item = (&'a OsStr, &'a OsStr)>) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in variables {
        block.extend_from_slice(name.as_encoded_bytes());
        block.push(b'=');
        block.extend_from_slice(value.as_encoded_bytes());
        block.push(0);
    }
    block
}

/// The variables of a block; entries without a name are dropped.
pub fn unpacked(block: &[u8]) -> impl Iterator<Item = (OsString, OsString)> {
    block.split(|byte| *byte == 0).filter_map(|entry| {
        let equals = entry.iter().position(|byte| *byte == b'=').filter(|at| *at > 0)?;
        Some((from_bytes(&entry[..equals]), from_bytes(&entry[equals + 1..])))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_come_back() {
        let variables = [("A", "x=y\n"), ("B", "")].map(|(name, value)| (name.into(), value.into()));
        let block = packed(variables.iter().map(|(name, value): &(OsString, OsString)| (&**name, &**value)));
        assert_eq!(unpacked(&block).collect::<Vec<_>>(), variables);
        assert_eq!(unpacked(b"=x\0novalue\0A=1").collect::<Vec<_>>(), [("A".into(), "1".into())]);
        let stray = from_bytes(&b"\xff\xfe"[..]);
        if cfg!(unix) {
            let back: Vec<_> = unpacked(b"A=\xff\xfe\0").collect();
            assert_eq!(back, [("A".into(), stray)]);
        }
    }
}
