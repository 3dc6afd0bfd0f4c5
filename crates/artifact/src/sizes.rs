//! Sizes for people (docs/spec/artifacts.md §14.1).

const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
const STEP: f64 = 1024.0;

/// A number of bytes with a binary unit: one decimal below ten, none above.
#[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
pub(crate) fn iec(bytes: u64) -> String {
    if bytes < 10 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= STEP && unit + 1 < UNITS.len() {
        value /= STEP;
        unit += 1;
    }
    let value = (value * 10.0 + 0.5).floor() / 10.0;
    if value < 10.0 { format!("{value:.1} {}", UNITS[unit]) } else { format!("{value:.0} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use super::iec;

    #[test]
    fn two_digits_and_a_unit() {
        for (bytes, expected) in [
            (0, "0 B"),
            (9, "9 B"),
            (650, "650 B"),
            (2048, "2.0 KiB"),
            (1500, "1.5 KiB"),
            (20 << 20, "20 MiB"),
        ] {
            assert_eq!(iec(bytes), expected);
        }
    }
}
