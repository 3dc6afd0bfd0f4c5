//! The server's own storage: forms and parts, as the server instructs (docs/spec/artifacts.md §6).

use std::io::{Cursor, Read, Seek, SeekFrom};

use http::header::{CONTENT_TYPE, ETAG};
use http::{Method, Response};
use redkite_api::wire::{PartEtag, UploadAction, UploadInstructions};
use uuid::Uuid;

use super::{Part, Store, StoreError, Unit, reopen};
use crate::collect::Found;
use crate::sizes::iec;
use crate::transfer::{Content, FileError, Transfer, status_line, text};

/// The largest artifact.
const LARGEST: u64 = 5 << 30;
/// What stands for the artifact's path in form fields.
const PATH: &str = "${artifact:path}";

/// The server's own storage.
#[derive(Debug)]
pub(crate) struct Managed;

impl Store for Managed {
    fn url(&self, _: &Found) -> Option<String> {
        None
    }

    fn units(
        &self,
        artifact: &Found,
        instructions: Option<&UploadInstructions>,
    ) -> Result<Vec<Unit>, StoreError> {
        if artifact.size > LARGEST {
            return Err(StoreError::TooLarge { path: artifact.path.clone(), size: iec(artifact.size) });
        }
        let instructions = instructions.ok_or(StoreError::NoInstructions)?;
        if instructions.actions.is_empty() {
            return Ok(vec![Unit::Form(instructions.clone())]);
        }
        Ok(parts(artifact.size, &instructions.actions).map(Unit::Part).collect())
    }

    fn send(
        &self,
        transfer: &Transfer,
        artifact: &Found,
        unit: &Unit,
    ) -> Result<Option<PartEtag>, StoreError> {
        match unit {
            Unit::Part(part) => send_part(transfer, artifact, part).map(Some),
            Unit::Form(instructions) => send_form(transfer, artifact, instructions).map(|()| None),
            Unit::Whole => Err(StoreError::NoInstructions),
        }
    }
}

/// Cuts `size` bytes into as many parts as there are actions; the first ones take what is left over.
fn parts(size: u64, actions: &[UploadAction]) -> impl Iterator<Item = Part> {
    let mut actions = actions.to_vec();
    actions.sort_by_key(|action| action.part_number);
    let of = actions.len();
    let (each, left) = (size / of as u64, size % of as u64);
    let mut offset = 0;
    (0_u64..).zip(actions).map(move |(index, action)| {
        let length = each + u64::from(index < left);
        let part =
            Part { number: action.part_number, of, offset, length, method: action.method, url: action.url };
        offset += length;
        part
    })
}

fn send_part(transfer: &Transfer, artifact: &Found, part: &Part) -> Result<PartEtag, StoreError> {
    let mut file = reopen(&artifact.absolute)?;
    file.seek(SeekFrom::Start(part.offset)).map_err(|source| FileError {
        doing: "reading file",
        path: artifact.absolute.display().to_string(),
        source,
    })?;
    let headers = [(CONTENT_TYPE, artifact.content_type.clone())];
    let content = Content { reader: file.take(part.length), length: Some(part.length) };
    let answer = transfer.send(&method(&part.method, Method::PUT), &part.url, &headers, content)?;
    if !answer.status().is_success() {
        let status = status_line(answer.status());
        return Err(StoreError::Refused(format!("unsuccessful status {status}: {}", text(answer))));
    }
    let etag = answer.headers().get(ETAG).and_then(|etag| etag.to_str().ok()).filter(|etag| !etag.is_empty());
    let etag = etag.ok_or_else(|| StoreError::Refused("response missing ETag header".to_owned()))?;
    Ok(PartEtag { part_number: part.number, etag: etag.to_owned() })
}

fn send_form(
    transfer: &Transfer,
    artifact: &Found,
    instructions: &UploadInstructions,
) -> Result<(), StoreError> {
    let action = instructions.action.as_ref().ok_or(StoreError::NoInstructions)?;
    let boundary = format!("----redkite{}", Uuid::new_v4().simple());
    let (before, after) = form(artifact, instructions, &action.file_input, &boundary);
    let length = before.len() as u64 + artifact.size + after.len() as u64;
    let file = reopen(&artifact.absolute)?.take(artifact.size);
    let reader = Cursor::new(before).chain(file).chain(Cursor::new(after));
    let headers = [(CONTENT_TYPE, format!("multipart/form-data; boundary={boundary}"))];
    let method = method(&action.method, Method::POST);
    let answer =
        transfer.send(&method, &form_url(action), &headers, Content { reader, length: Some(length) })?;
    accepted(answer)
}

fn accepted(answer: Response<ureq::Body>) -> Result<(), StoreError> {
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    Err(StoreError::Refused(format!("{} ({})", text(answer), status.as_u16())))
}

/// What comes before and after the file in a form.
fn form(
    artifact: &Found,
    instructions: &UploadInstructions,
    file_input: &str,
    boundary: &str,
) -> (Vec<u8>, Vec<u8>) {
    let mut before = String::new();
    for (name, value) in &instructions.data {
        let (name, value) = (quoted(name), value.replace(PATH, &artifact.path));
        before.push_str(&format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        ));
    }
    let (input, filename) = (quoted(file_input), quoted(&artifact.path));
    before.push_str(&format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"{input}\"; filename=\"{filename}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    ));
    (before.into_bytes(), format!("\r\n--{boundary}--\r\n").into_bytes())
}

/// A name within the quotes of a form's header.
fn quoted(name: &str) -> String {
    name.replace('\\', "\\\\").replace('"', "\\\"").replace('\r', "%0D").replace('\n', "%0A")
}

/// The action's URL with the action's path in place of its own.
fn form_url(action: &UploadAction) -> String {
    let Ok(mut url) = url::Url::parse(&action.url) else { return action.url.clone() };
    url.set_path(&action.path);
    url.to_string()
}

fn method(name: &str, otherwise: Method) -> Method {
    Method::from_bytes(name.as_bytes()).unwrap_or(otherwise)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(number: i64) -> UploadAction {
        UploadAction { part_number: number, ..UploadAction::default() }
    }

    #[test]
    fn parts_are_contiguous_and_the_first_are_longer() {
        let cut = |size, actions: &[UploadAction]| {
            parts(size, actions).map(|part| (part.number, part.offset, part.length)).collect::<Vec<_>>()
        };
        assert_eq!(cut(10, &[action(3), action(1), action(2)]), [(1, 0, 4), (2, 4, 3), (3, 7, 3)]);
        assert_eq!(cut(1, &[action(1), action(2)]), [(1, 0, 1), (2, 1, 0)]);
    }

    #[test]
    fn names_cannot_end_a_forms_header() {
        assert_eq!(quoted("a\"b\\c\r\nd"), "a\\\"b\\\\c%0D%0Ad");
    }

    #[test]
    fn a_forms_path_replaces_that_of_its_url() {
        let url = |url: &str, path: &str| {
            form_url(&UploadAction { url: url.to_owned(), path: path.to_owned(), ..UploadAction::default() })
        };
        assert_eq!(url("http://h:1/x?q=1", "up/load"), "http://h:1/up/load?q=1");
        assert_eq!(url("http://h", "/u"), "http://h/u");
    }
}
