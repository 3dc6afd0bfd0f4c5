//! Clouds whose services are servers of these tests. Every variable that could lead to a real one is set.

#![expect(clippy::unwrap_used, reason = "a test whose server or answer is broken can only fail")]

mod aws_login;
mod aws_profiles;
mod aws_sso;
mod fake;
mod google_files;
mod google_subjects;
mod home;
mod kms;
mod services;
mod tags;
