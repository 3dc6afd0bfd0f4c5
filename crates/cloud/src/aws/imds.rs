//! The meta-data service of EC2 instances, version 2 with its session tokens.

use http::Method;
use serde::Deserialize;

use super::Config;
use crate::http::{Ask, Service, Way};
use crate::{CloudError, is_true};

/// How long a session lasts; ours are used at once.
const SESSION_SECONDS: &str = "300";

/// The meta-data service.
pub(crate) struct Imds {
    service: Service,
    base: String,
    without_session: WithoutSession,
}

/// What follows where there are no sessions: version 1 of the service knows none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WithoutSession {
    AskAsVersion1,
    /// `AWS_EC2_METADATA_V1_DISABLED`
    Fail,
}

/// What an instance says that it is.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Identity {
    pub(crate) account_id: String,
    pub(crate) image_id: String,
    pub(crate) architecture: String,
    pub(crate) availability_zone: String,
    pub(crate) instance_id: String,
    pub(crate) instance_type: String,
    pub(crate) region: String,
}

impl Imds {
    /// The service of this machine, unless it is switched off (`AWS_EC2_METADATA_DISABLED`).
    pub(crate) fn new(config: &Config<'_>) -> Result<Self, CloudError> {
        if is_true(config.variables, "AWS_EC2_METADATA_DISABLED") {
            let text = "the EC2 meta-data service is switched off by AWS_EC2_METADATA_DISABLED";
            return Err(CloudError::Setting(text.to_owned()));
        }
        let (variable, setting) =
            ("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode");
        let usual = match config.told(variable, setting).is_some_and(|mode| mode.eq_ignore_ascii_case("ipv6"))
        {
            true => "http://[fd00:ec2::254]",
            false => "http://169.254.169.254",
        };
        let told = config.told("AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint");
        let base = told.as_deref().unwrap_or(usual).trim_end_matches('/').to_owned();
        let without_session = match config.is_on("AWS_EC2_METADATA_V1_DISABLED", "ec2_metadata_v1_disabled") {
            true => WithoutSession::Fail,
            false => WithoutSession::AskAsVersion1,
        };
        Ok(Self { service: Service::new("the EC2 meta-data service", Way::Link), base, without_session })
    }

    /// What is at `path`, which begins behind `/latest/`.
    pub(crate) fn get(&self, path: &str) -> Result<String, CloudError> {
        let token = self.session()?;
        let url = format!("{}/latest/{path}", self.base);
        let answer = self.service.ask(|| {
            let ask = Ask::get(&url);
            Ok(match &token {
                Some(token) => ask.header("x-aws-ec2-metadata-token", token),
                None => ask,
            })
        })?;
        Ok(answer.body)
    }

    /// What the instance says that it is.
    pub(crate) fn identity(&self) -> Result<Identity, CloudError> {
        let text = self.get("dynamic/instance-identity/document")?;
        serde_json::from_str(&text).map_err(|_| CloudError::Unreadable {
            service: "the EC2 meta-data service",
            url: self.base.clone(),
            missing: "an instance identity document".to_owned(),
        })
    }

    /// A session's token; services that know only version 1 have none, which is an error where that is switched off.
    fn session(&self) -> Result<Option<String>, CloudError> {
        let ask = || {
            let url = format!("{}/latest/api/token", self.base);
            let ask = Ask { method: Method::PUT, ..Ask::get(url) };
            Ok(ask.header("x-aws-ec2-metadata-token-ttl-seconds", SESSION_SECONDS))
        };
        match self.service.ask(ask) {
            Ok(answer) => Ok(Some(answer.body)),
            Err(error) if matches!(error.status(), Some(403..=405)) => match self.without_session {
                WithoutSession::AskAsVersion1 => Ok(None),
                WithoutSession::Fail => Err(error),
            },
            Err(error) => Err(error),
        }
    }
}

impl Identity {
    /// The tags of `tags-from-ec2-meta-data`.
    pub(crate) fn tags(&self) -> Vec<String> {
        [
            ("account-id", &self.account_id),
            ("ami-id", &self.image_id),
            ("architecture", &self.architecture),
            ("availability-zone", &self.availability_zone),
            ("instance-id", &self.instance_id),
            ("instance-type", &self.instance_type),
            ("region", &self.region),
        ]
        .map(|(name, value)| format!("aws:{name}={value}"))
        .into()
    }
}
