//! Where the services of Amazon are: what settings say, or the address of the region's partition.

use super::Config;
use crate::http::public;
use crate::{CloudError, filled};

/// The switches, as variable and setting.
const FIPS: (&str, &str) = ("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint");
const DUAL_STACK: (&str, &str) = ("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint");

/// A service that is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Api {
    Ec2,
    Kms,
    Sts,
    /// The portal of IAM Identity Center.
    Sso,
    SsoOidc,
    /// Where a sign-on with the console is renewed.
    Signin,
}

/// Regions that share one naming of hosts.
struct Partition {
    /// How its regions begin.
    regions: &'static str,
    suffix: &'static str,
    /// The suffix of hosts that also have addresses of IPv6.
    dual_stack: &'static str,
}

const fn partition(regions: &'static str, suffix: &'static str, dual_stack: &'static str) -> Partition {
    Partition { regions, suffix, dual_stack }
}

const PARTITIONS: [Partition; 7] = [
    partition("cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
    partition("eusc-", "amazonaws.eu", "api.amazonwebservices.eu"),
    partition("us-iso-", "c2s.ic.gov", "api.aws.ic.gov"),
    partition("us-isob-", "sc2s.sgov.gov", "api.aws.scloud"),
    partition("eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
    partition("us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"),
    partition("", "amazonaws.com", "api.aws"),
];

impl Api {
    /// What settings call it.
    fn id(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2",
            Self::Kms => "kms",
            Self::Sts => "sts",
            Self::Sso => "sso",
            Self::SsoOidc => "sso_oidc",
            Self::Signin => "signin",
        }
    }

    fn host(self) -> &'static str {
        match self {
            Self::Sso => "portal.sso",
            Self::SsoOidc => "oidc",
            other => other.id(),
        }
    }
}

impl Config<'_> {
    /// The address of a service for a region, without a slash at its end.
    pub(crate) fn endpoint(&self, api: Api, region: &str) -> Result<String, CloudError> {
        let Some(url) = self.told_endpoint(api) else { return Ok(self.usual_endpoint(api, region)) };
        // An address that was told says nothing of how the host is certified or reached: better none than a wrong one.
        for (variable, setting) in [FIPS, DUAL_STACK] {
            if self.is_on(variable, setting) {
                let url = public(&url);
                return Err(CloudError::Setting(format!(
                    "{variable} ({setting}) can't be had at {url}, the endpoint_url that is set"
                )));
            }
        }
        Ok(url.trim_end_matches('/').to_owned())
    }

    /// Variables before files, and what is said of the service before what is said of all.
    fn told_endpoint(&self, api: Api) -> Option<String> {
        if self.is_on("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls") {
            return None;
        }
        filled(self.variables, &format!("AWS_ENDPOINT_URL_{}", api.id().to_uppercase()))
            .or_else(|| filled(self.variables, "AWS_ENDPOINT_URL"))
            .or_else(|| self.setting_of_service(api.id(), "endpoint_url"))
            .or_else(|| self.setting("endpoint_url"))
    }

    fn usual_endpoint(&self, api: Api, region: &str) -> String {
        // The console has domains of its own.
        let console = match region {
            region if region.starts_with("cn-") => "amazonaws.cn",
            region if region.starts_with("us-gov-") => "amazonaws-us-gov.com",
            _ => "aws.amazon.com",
        };
        if api == Api::Signin {
            return format!("https://{region}.signin.{console}");
        }
        let matching = PARTITIONS.iter().find(|partition| region.starts_with(partition.regions));
        let Partition { suffix, dual_stack, .. } = matching.unwrap_or(&PARTITIONS[PARTITIONS.len() - 1]);
        let fips = self.is_on(FIPS.0, FIPS.1);
        let dual = self.is_on(DUAL_STACK.0, DUAL_STACK.1);
        // In GovCloud the usual hosts of these services are the validated ones.
        let is_validated = region.starts_with("us-gov-") && api != Api::Kms && !dual;
        let mark = if fips && !is_validated { "-fips" } else { "" };
        format!("https://{}{mark}.{region}.{}", api.host(), if dual { dual_stack } else { suffix })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn variables(given: &[(&str, &str)]) -> HashMap<String, String> {
        given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn hosts_follow_region_and_flags() {
        let (fips, dual) = (("AWS_USE_FIPS_ENDPOINT", "true"), ("AWS_USE_DUALSTACK_ENDPOINT", "TRUE"));
        for (api, region, flags, expected) in [
            (Api::Kms, "eu-west-1", &[][..], "kms.eu-west-1.amazonaws.com"),
            (Api::Ec2, "cn-north-1", &[], "ec2.cn-north-1.amazonaws.com.cn"),
            (Api::Sso, "eu-west-1", &[], "portal.sso.eu-west-1.amazonaws.com"),
            (Api::SsoOidc, "us-iso-east-1", &[], "oidc.us-iso-east-1.c2s.ic.gov"),
            (Api::Signin, "eu-west-1", &[], "eu-west-1.signin.aws.amazon.com"),
            (Api::Signin, "us-gov-west-1", &[], "us-gov-west-1.signin.amazonaws-us-gov.com"),
            (Api::Sts, "us-east-1", &[fips], "sts-fips.us-east-1.amazonaws.com"),
            (Api::Sts, "us-gov-west-1", &[fips], "sts.us-gov-west-1.amazonaws.com"),
            (Api::Kms, "us-gov-west-1", &[fips], "kms-fips.us-gov-west-1.amazonaws.com"),
            (Api::Kms, "us-east-1", &[dual], "kms.us-east-1.api.aws"),
            (Api::Kms, "us-east-1", &[fips, dual], "kms-fips.us-east-1.api.aws"),
            (Api::Kms, "us-east-1", &[("AWS_USE_FIPS_ENDPOINT", "false")], "kms.us-east-1.amazonaws.com"),
        ] {
            let variables = variables(flags);
            let endpoint = Config::load(&variables).endpoint(api, region).unwrap();
            assert_eq!(endpoint, format!("https://{expected}"), "{region} {flags:?}");
        }
    }

    #[test]
    fn settings_have_an_order() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config");
        let text = "[default]\nservices = s\nendpoint_url = http://profile\n[services s]\nkms =\n  endpoint_url = http://section/\n";
        std::fs::write(&file, text).unwrap();
        let file = ("AWS_CONFIG_FILE", file.to_str().unwrap());
        let (own, all) = (("AWS_ENDPOINT_URL_KMS", "http://own"), ("AWS_ENDPOINT_URL", "http://all"));
        let ignored = ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true");
        let usual = "https://kms.r.amazonaws.com";
        for (api, given, expected) in [
            (Api::Kms, &[file, own, all][..], "http://own"),
            (Api::Kms, &[file, all], "http://all"),
            (Api::Kms, &[file], "http://section"),
            (Api::Sts, &[file], "http://profile"),
            (Api::Kms, &[file, own, ignored], usual),
            (Api::Kms, &[("AWS_CONFIG_FILE", "/nonexistent")], usual),
        ] {
            let variables = variables(given);
            assert_eq!(Config::load(&variables).endpoint(api, "r").unwrap(), expected, "{given:?}");
        }
    }

    #[test]
    fn what_the_region_would_give_is_not_had_elsewhere() {
        let variables = variables(&[("AWS_ENDPOINT_URL", "http://all"), ("AWS_USE_FIPS_ENDPOINT", "true")]);
        let error = Config::load(&variables).endpoint(Api::Kms, "r").unwrap_err().to_string();
        let expected = "AWS_USE_FIPS_ENDPOINT (use_fips_endpoint) can't be had at http://all/, the endpoint_url that is set";
        assert_eq!(error, expected);
    }
}
