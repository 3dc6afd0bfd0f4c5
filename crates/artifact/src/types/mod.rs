//! The media type of a file by the end of its name (docs/spec/artifacts.md §4.1).

use std::collections::HashMap;
use std::fs;
use std::sync::OnceLock;

/// What a file is whose name says nothing.
const UNKNOWN: &str = "binary/octet-stream";

/// The table that is asked first: one type per line, with its extensions.
const FIRST: &str = include_str!("extensions.txt");
/// What is known even where the system knows nothing.
const BUILT_IN: &str = include_str!("builtin.txt");

/// The system's tables of the shared MIME database; the first that can be read is the only one.
const GLOBS: &[&str] = &["/usr/local/share/mime/globs2", "/usr/share/mime/globs2"];
/// Older tables, all of which are read where there is no database.
const MIME_TYPES: &[&str] =
    &["/etc/mime.types", "/etc/apache2/mime.types", "/etc/apache/mime.types", "/etc/httpd/conf/mime.types"];

type Table = HashMap<String, String>;

/// The type of the file at `path`.
pub(crate) fn content_type(path: &str) -> String {
    static TABLE: OnceLock<Table> = OnceLock::new();
    static SYSTEM: OnceLock<Table> = OnceLock::new();
    let Some(extension) = extension(path) else { return UNKNOWN.to_owned() };
    if let Some(known) = TABLE.get_or_init(|| table(FIRST)).get(extension) {
        return known.clone();
    }
    let system = SYSTEM.get_or_init(system_table);
    let found = system.get(extension).or_else(|| system.get(&extension.to_lowercase()));
    found.map_or_else(|| UNKNOWN.to_owned(), |found| with_charset(found))
}

/// What follows the last dot of the last path element.
fn extension(path: &str) -> Option<&str> {
    let name = path.rsplit(['/', std::path::MAIN_SEPARATOR]).next()?;
    name.rsplit_once('.').map(|(_, extension)| extension)
}

fn with_charset(kind: &str) -> String {
    if kind.starts_with("text/") { format!("{kind}; charset=utf-8") } else { kind.to_owned() }
}

fn table(text: &str) -> Table {
    let mut table = Table::new();
    for (kind, extensions) in text.lines().filter_map(|line| line.split_once(": ")) {
        table.extend(extensions.split(' ').map(|extension| (extension.to_owned(), kind.to_owned())));
    }
    table
}

fn system_table() -> Table {
    let built_in = table(BUILT_IN);
    match GLOBS.iter().find_map(|path| fs::read_to_string(path).ok()) {
        Some(globs) => with_globs(built_in, &globs),
        None => {
            MIME_TYPES.iter().filter_map(|path| fs::read_to_string(path).ok()).fold(built_in, with_mime_types)
        }
    }
}

/// Adds lines like `50:text/plain:*.txt`, sorted by weight: the first of an extension wins.
fn with_globs(mut table: Table, globs: &str) -> Table {
    for line in globs.lines().filter(|line| !line.starts_with('#')) {
        let mut fields = line.split(':').skip(1);
        let (Some(kind), Some(pattern)) = (fields.next(), fields.next()) else { continue };
        let Some(extension) = pattern.strip_prefix("*.") else { continue };
        if !extension.is_empty() && !extension.contains(['?', '*', '[', '.']) {
            table.entry(extension.to_owned()).or_insert_with(|| kind.to_owned());
        }
    }
    table
}

/// Adds lines like `text/plain  txt text`.
fn with_mime_types(mut table: Table, text: String) -> Table {
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_whitespace();
        let Some(kind) = words.next() else { continue };
        let extensions = words.take_while(|word| !word.starts_with('#'));
        table.extend(extensions.map(|extension| (extension.to_owned(), kind.to_owned())));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_by_extension() {
        for (path, expected) in [
            ("a.txt", "text/plain"),
            ("A.TXT", "text/plain; charset=utf-8"),
            ("x/b.JPG", "image/jpeg"),
            ("c.yml", "text/yaml"),
            ("a.b/c", UNKNOWN),
            ("f.", UNKNOWN),
            ("none", UNKNOWN),
            ("x.zst", "application/zstd"),
        ] {
            assert_eq!(content_type(path), expected, "{path}");
        }
    }

    #[test]
    fn system_tables_are_read() {
        let globs =
            with_globs(Table::new(), "# x\n80:text/a:*.a\n50:text/b:*.a\n50:text/c:*.c.d\n50:x/y:z*\n");
        assert_eq!(globs, Table::from([("a".to_owned(), "text/a".to_owned())]));
        let types = with_mime_types(Table::new(), "# x\ntext/a a b # c\n\nx/none\n".to_owned());
        assert_eq!((types.len(), types["b"].as_str()), (2, "text/a"));
    }
}
