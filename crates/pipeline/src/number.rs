//! How floating-point numbers are written in the places where a pipeline has them (spec/pipeline.md §4.4, §5, §12.1).

/// As text in a string field and in YAML (§5): plain from 1e-4 up to 1e6.
pub(crate) fn as_string(number: f64) -> String {
    special(number).map_or_else(|| written(number, -4..6, 2), str::to_owned)
}

/// As a JSON number (§12.1): plain from 1e-6 up to 1e21. `None` for infinities and NaN.
pub(crate) fn as_json(number: f64) -> Option<String> {
    number.is_finite().then(|| written(number, -6..21, 1))
}

/// As a map key (§4.4): scientific with six decimals.
pub(crate) fn as_key(number: f64) -> String {
    if let Some(name) = special(number) {
        return name.to_owned();
    }
    let text = format!("{number:.6e}");
    let (digits, exponent) = text.split_once('e').expect("scientific notation has an exponent");
    format!("{digits}{}", exponent_part(exponent.parse().expect("an exponent is a number"), 2))
}

fn special(number: f64) -> Option<&'static str> {
    match number {
        _ if number.is_nan() => Some("NaN"),
        _ if number == f64::INFINITY => Some("+Inf"),
        _ if number == f64::NEG_INFINITY => Some("-Inf"),
        _ => None,
    }
}

/// The shortest digits that read back as the same number, plain when the exponent lies in `plain`.
fn written(number: f64, plain: std::ops::Range<i32>, exponent_digits: usize) -> String {
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').expect("scientific notation has an exponent");
    let exponent: i32 = exponent.parse().expect("an exponent is a number");
    if plain.contains(&exponent) {
        // The standard library's plain notation is the shortest too and never scientific.
        return format!("{number}");
    }
    format!("{digits}{}", exponent_part(exponent, exponent_digits))
}

fn exponent_part(exponent: i32, width: usize) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("e{sign}{:0width$}", exponent.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written() {
        let check = |number: f64, string: &str, json: &str, key: &str| {
            assert_eq!(as_string(number), string);
            assert_eq!(as_json(number).as_deref(), Some(json));
            assert_eq!(as_key(number), key);
        };
        check(1.0, "1", "1", "1.000000e+00");
        check(1.5, "1.5", "1.5", "1.500000e+00");
        check(-0.0, "-0", "-0", "-0.000000e+00");
        check(0.0, "0", "0", "0.000000e+00");
        check(100_000.0, "100000", "100000", "1.000000e+05");
        check(1e6, "1e+06", "1000000", "1.000000e+06");
        check(1_234_567.5, "1.2345675e+06", "1234567.5", "1.234568e+06");
        check(0.0001, "0.0001", "0.0001", "1.000000e-04");
        check(0.00001, "1e-05", "0.00001", "1.000000e-05");
        check(1e-6, "1e-06", "0.000001", "1.000000e-06");
        check(1e-7, "1e-07", "1e-7", "1.000000e-07");
        check(1e20, "1e+20", "100000000000000000000", "1.000000e+20");
        check(1e21, "1e+21", "1e+21", "1.000000e+21");
        check(1e100, "1e+100", "1e+100", "1.000000e+100");
        assert_eq!([f64::INFINITY, f64::NEG_INFINITY, f64::NAN].map(as_key), ["+Inf", "-Inf", "NaN"]);
        assert_eq!(as_json(f64::NAN), None);
    }
}
