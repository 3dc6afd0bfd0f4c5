//! Amazon: meta-data of instances and containers, credentials, signed requests.

mod cached;
mod config;
mod containers;
mod credentials;
mod ec2;
mod endpoint;
mod files;
mod imds;
mod kms;
mod login;
mod machine;
mod plan;
mod process;
mod proof;
mod sign;
mod sso;
mod sso_token;
mod sts;

pub(crate) use config::Config;
pub(crate) use containers::tags as ecs_tags;
pub(crate) use ec2::instance_tags;
pub(crate) use imds::Imds;
pub(crate) use kms::AwsKms;
pub(crate) use machine::Role;
pub(crate) use sign::{Scope, signed};
