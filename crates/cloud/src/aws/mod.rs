//! Amazon: meta-data of instances and containers, credentials, signed requests.

mod config;
mod containers;
mod credentials;
mod ec2;
mod imds;
mod kms;
mod sign;

pub(crate) use config::Config;
pub(crate) use containers::tags as ecs_tags;
pub(crate) use ec2::instance_tags;
pub(crate) use imds::Imds;
pub(crate) use kms::AwsKms;
