//! What a log line goes through: streaming redaction, timestamps, headings. Bytes in, bytes out.
