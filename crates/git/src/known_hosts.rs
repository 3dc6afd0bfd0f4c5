//! What is read from and written to `known_hosts` (spec/checkout.md §16), without touching it.

/// The host and port that `ssh -G` gives for an alias; `None` if it names no host.
#[must_use]
pub(crate) fn from_ssh_settings(output: &str) -> Option<String> {
    let value = |name: &str| {
        output.lines().find_map(|line| {
            let (key, value) = line.trim().split_once(' ')?;
            (key == name).then(|| value.trim())
        })
    };
    let host = value("hostname").filter(|host| !host.is_empty())?;
    Some(match value("port") {
        None | Some("" | "22") => host.to_owned(),
        Some(port) => format!("{host}:{port}"),
    })
}

/// An alias as it is often written for several keys on one host: `github.com-me` is `github.com`.
#[must_use]
pub(crate) fn without_alias_suffix(host: &str) -> &str {
    let is_suffix = |text: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    host.match_indices('-').find(|(at, _)| is_suffix(&host[at + 1..])).map_or(host, |(at, _)| &host[..at])
}

/// Whether `file`, the text of a `known_hosts`, lists `host` (`name` or `name:port`). Only plain lines of three
/// fields count.
#[must_use]
pub(crate) fn lists(file: &str, host: &str) -> bool {
    let name = normalised(host);
    file.lines().any(|line| {
        let fields: Vec<_> = line.split(' ').collect();
        fields.len() == 3 && fields[0].split(',').any(|listed| listed == name)
    })
}

/// What is to be written behind `file` for `keys` to be lines of their own. The reference agent writes them into an
/// unfinished last line.
#[must_use]
pub(crate) fn appended(file: &[u8], keys: &str) -> String {
    let end = if matches!(file.last(), None | Some(b'\n')) { "" } else { "\n" };
    format!("{end}{keys}\n")
}

/// As `known_hosts` writes a host: `[name]:port` unless the port is 22.
fn normalised(host: &str) -> String {
    match name_and_port(host) {
        Some((name, "22")) => name.to_owned(),
        Some((name, port)) => format!("[{name}]:{port}"),
        None => host.to_owned(),
    }
}

/// The arguments of `ssh-keyscan` for `host`.
#[must_use]
pub(crate) fn keyscan_arguments(host: &str) -> Vec<String> {
    match name_and_port(host) {
        Some((name, port)) => ["-p", port, name].map(str::to_owned).to_vec(),
        None => vec![host.to_owned()],
    }
}

/// An address with several colons is one word.
fn name_and_port(host: &str) -> Option<(&str, &str)> {
    host.split_once(':').filter(|(_, port)| !port.contains(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ssh_names_the_real_host() {
        let check = |output, host: Option<&str>| assert_eq!(from_ssh_settings(output).as_deref(), host);
        check("user git\nhostname real.example\nport 22\n", Some("real.example"));
        check("hostname real.example\nport 2222\n", Some("real.example:2222"));
        check("hostname real.example\n", Some("real.example"));
        check("port 22\n", None);
        check("", None);
    }

    #[test]
    fn alias_suffixes_are_dropped() {
        let check = |host, name| assert_eq!(without_alias_suffix(host), name);
        check("github.com-my-alias", "github.com");
        check("github.com", "github.com");
        check("my-host.example.com", "my-host.example.com");
        check("my-host.example.com-alias1", "my-host.example.com");
        check("github.com-", "github.com-");
    }

    #[test]
    fn only_plain_lines_count() {
        let file = "a.example,b.example ssh-rsa AAA\n[c.example]:2222 ssh-rsa AAA\nd.example ssh-rsa AAA comment\n\
                    |1|hash= ssh-rsa AAA\n@revoked e.example ssh-rsa AAA\n";
        let check = |host, listed| assert_eq!(lists(file, host), listed, "{host}");
        check("a.example", true);
        check("b.example", true);
        check("b.example:22", true);
        check("c.example:2222", true);
        check("c.example", false);
        check("d.example", false);
        check("e.example", false);
        check("xa.example", false);
    }

    #[test]
    fn keys_have_lines_of_their_own() {
        let check = |file: &str, written: &str| assert_eq!(appended(file.as_bytes(), "b K"), written);
        check("", "b K\n");
        check("a K\n", "b K\n");
        check("a K", "\nb K\n");
    }

    #[test]
    fn ports_are_given_to_the_scan() {
        assert_eq!(keyscan_arguments("h"), ["h"]);
        assert_eq!(keyscan_arguments("h:7999"), ["-p", "7999", "h"]);
        assert_eq!(keyscan_arguments("[::1]:22"), ["[::1]:22"]);
    }
}
