//! Tags from clouds whose services are servers of this test.

use std::collections::HashMap;
use std::time::Duration;

use crate::fake::{Fake, Request};
use redkite_cloud::{Source, Waits, Wanted};

const NONE: Waits = Waits {
    ec2_meta_data: Duration::ZERO,
    ec2_tags: Duration::ZERO,
    ecs_meta_data: Duration::ZERO,
    gcp_labels: Duration::ZERO,
};

/// Every variable that could lead elsewhere leads to `fake`.
fn variables(fake: &Fake, more: &[(&str, &str)]) -> HashMap<String, String> {
    let nowhere = "/nonexistent".to_owned();
    let mut all = HashMap::from([
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", fake.url()),
        ("AWS_ENDPOINT_URL", fake.url()),
        ("AWS_CONFIG_FILE", nowhere.clone()),
        ("AWS_SHARED_CREDENTIALS_FILE", nowhere.clone()),
        ("GCE_METADATA_HOST", fake.host()),
        ("CLOUDSDK_CONFIG", nowhere),
        ("CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE", fake.url()),
    ]);
    all.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
    all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn fetch(wanted: &Wanted, variables: &HashMap<String, String>) -> Vec<Result<Vec<String>, String>> {
    let words = |failure: redkite_cloud::Failure| {
        let cause = std::error::Error::source(&failure).map(ToString::to_string).unwrap_or_default();
        format!("{failure}: {cause}")
    };
    wanted.fetch(&NONE, variables).map(|found| found.map_err(words)).collect()
}

fn of(source: Source) -> Wanted {
    Wanted { sources: vec![source], ..Wanted::default() }
}

const ROLE: &str = r#"{"AccessKeyId":"AKID","SecretAccessKey":"hidden","Token":"session"}"#;

fn ec2(request: &Request) -> (u16, String) {
    let path = request.path.as_str();
    if path == "/latest/api/token" {
        let good =
            request.method == "PUT" && !request.header("x-aws-ec2-metadata-token-ttl-seconds").is_empty();
        return if good { (200, "imds-token".into()) } else { (400, String::new()) };
    }
    if path == "/" {
        return describe_tags(request);
    }
    if request.header("x-aws-ec2-metadata-token") != "imds-token" {
        return (401, String::new());
    }
    match path {
        "/latest/dynamic/instance-identity/document" => (
            200,
            r#"{"accountId":"1","imageId":"ami","architecture":"arm64",
            "availabilityZone":"eu-west-1a","instanceId":"i-1","instanceType":"t","region":"eu-west-1"}"#
                .into(),
        ),
        "/latest/meta-data/instance-id" => (200, "i-1".into()),
        "/latest/meta-data/instance-life-cycle" => (200, "spot".into()),
        "/latest/meta-data/mac" => (200, "aa:bb".into()),
        "/latest/meta-data/iam/security-credentials/" => (200, "role".into()),
        "/latest/meta-data/iam/security-credentials/role" => (200, ROLE.into()),
        _ => (404, "no such path".into()),
    }
}

fn describe_tags(request: &Request) -> (u16, String) {
    let (first, rest) =
        ("<item><key>Name</key><value>a &amp; b</value></item>", "<item><key>team</key><value/></item>");
    let (items, next) = match request.body.contains("NextToken=2") {
        true => (rest, ""),
        false => (first, "<nextToken>2</nextToken>"),
    };
    (200, format!("<DescribeTagsResponse><tagSet>{items}</tagSet>{next}</DescribeTagsResponse>"))
}

#[test]
fn an_instance_tells_what_it_is() {
    let fake = Fake::start(ec2);
    let wanted = Wanted { ec2_paths: vec!["Mac=mac".into()], ..of(Source::Ec2MetaData) };
    let found = fetch(&wanted, &variables(&fake, &[]));
    let tags = [
        "account-id=1",
        "ami-id=ami",
        "architecture=arm64",
        "availability-zone=eu-west-1a",
        "instance-id=i-1",
        "instance-type=t",
        "region=eu-west-1",
        "instance-life-cycle=spot",
    ]
    .map(|tag| format!("aws:{tag}"));
    assert_eq!(found, [Ok(tags.to_vec()), Ok(vec!["mac=aa:bb".to_owned()])]);
}

/// A service that knows no sessions is asked without one, unless that is switched off.
#[test]
fn version_1_of_the_meta_data_can_be_switched_off() {
    let old = |request: &Request| match (request.method.as_str(), request.path.as_str()) {
        ("PUT", _) => (404, String::new()),
        (_, "/latest/meta-data/mac") => (200, "aa:bb".into()),
        other => panic!("asked for {other:?}"),
    };
    let wanted = Wanted { ec2_paths: vec!["Mac=mac".into()], ..Wanted::default() };
    for (value, expected, asked) in
        [("", Some("mac=aa:bb"), 2), ("false", Some("mac=aa:bb"), 2), ("TRUE", None, 1)]
    {
        let fake = Fake::start(old);
        let found = fetch(&wanted, &variables(&fake, &[("AWS_EC2_METADATA_V1_DISABLED", value)]));
        match (expected, &found[0]) {
            (Some(tag), Ok(tags)) => assert_eq!(tags, &[tag]),
            (None, Err(error)) => assert!(error.contains("/latest/api/token answered 404"), "{error}"),
            (_, found) => panic!("{value}: {found:?}"),
        }
        assert_eq!(fake.asked().len(), asked, "{value}");
    }
}

/// What variables don't say of the meta-data service, the profile does.
#[test]
fn a_profile_says_where_the_meta_data_are_and_that_version_1_is_off() {
    let fake = Fake::start(|_| (404, String::new()));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    let text = format!(
        "[profile p]\nec2_metadata_service_endpoint = {}/\nec2_metadata_v1_disabled = true\n",
        fake.url()
    );
    std::fs::write(&file, text).unwrap();
    let set = [
        ("AWS_PROFILE", "p"),
        ("AWS_CONFIG_FILE", file.to_str().unwrap()),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", ""),
    ];
    let wanted = Wanted { ec2_paths: vec!["Mac=mac".into()], ..Wanted::default() };
    let found = fetch(&wanted, &variables(&fake, &set));
    let expected = format!("{}/latest/api/token answered 404", fake.url());
    assert!(found[0].as_ref().unwrap_err().contains(&expected), "{found:?}");
    assert_eq!(fake.asked().len(), 1);
}

#[test]
fn instance_tags_are_asked_for_page_by_page_as_the_instances_role() {
    let fake = Fake::start(ec2);
    let found = fetch(&of(Source::Ec2Tags), &variables(&fake, &[]));
    assert_eq!(found, [Ok(vec!["Name=a & b".to_owned(), "team=".to_owned()])]);
    let signed: Vec<_> = fake.asked().into_iter().filter(|request| request.path == "/").collect();
    assert_eq!(signed.len(), 2);
    let header = signed[0].header("authorization");
    assert!(header.starts_with("AWS4-HMAC-SHA256 Credential=AKID/"), "{header}");
    assert!(header.contains("/eu-west-1/ec2/aws4_request"), "{header}");
    assert_eq!(signed[0].header("x-amz-security-token"), "session");
    assert!(signed[0].body.contains("Filter.1.Value.1=i-1"));
}

/// Which credentials count, by what is set; each is seen in the signature's key.
#[test]
fn the_chain_of_credentials_has_an_order() {
    let fake = Fake::start(|request| match request.path.as_str() {
        "/role" => (200, ROLE.replace("AKID", "CONTAINER")),
        "/" if request.body.contains("AssumeRoleWithWebIdentity") => (
            200,
            "<R><C><AccessKeyId>WEB</AccessKeyId>\
            <SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken></C></R>"
                .into(),
        ),
        _ => ec2(request),
    });
    let folder = tempfile::tempdir().unwrap();
    let (file, token) = (folder.path().join("credentials"), folder.path().join("token"));
    std::fs::write(&file, "[p]\naws_access_key_id=PROFILE\naws_secret_access_key=s\n").unwrap();
    std::fs::write(&token, "jwt\n").unwrap();
    let profile = [("AWS_PROFILE", "p"), ("AWS_SHARED_CREDENTIALS_FILE", file.to_str().unwrap())];
    let web = [("AWS_WEB_IDENTITY_TOKEN_FILE", token.to_str().unwrap()), ("AWS_ROLE_ARN", "arn:role")];
    let uri = format!("{}/role", fake.url());
    let container = [("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri.as_str())];
    let keys = [("AWS_ACCESS_KEY_ID", "ENV"), ("AWS_SECRET_ACCESS_KEY", "s")];
    let groups: [(&str, &[(&str, &str)]); 4] =
        [("ENV", &keys), ("WEB", &web), ("PROFILE", &profile), ("CONTAINER", &container)];
    for from in 0..groups.len() {
        let set: Vec<_> = groups[from..].iter().flat_map(|(_, group)| group.iter().copied()).collect();
        fetch(&of(Source::Ec2Tags), &variables(&fake, &set))[0].as_ref().unwrap();
        let asked = fake.asked();
        let last = asked.iter().rev().find(|request| !request.header("authorization").is_empty()).unwrap();
        let expected = format!("Credential={}/", groups[from].0);
        assert!(
            last.header("authorization").contains(&expected),
            "{expected} {}",
            last.header("authorization")
        );
    }
}

#[test]
fn refusals_name_service_address_and_reason_but_no_secret() {
    let denied =
        "<R><Errors><Error><Code>UnauthorizedOperation</Code><Message>not you</Message></Error></Errors></R>";
    let fake =
        Fake::start(move |request| if request.path == "/" { (403, denied.into()) } else { ec2(request) });
    let found = fetch(&of(Source::Ec2Tags), &variables(&fake, &[]));
    let expected = format!(
        "failed to fetch EC2 tags: Amazon EC2 at {}/ answered 403: UnauthorizedOperation: not you",
        fake.url()
    );
    assert_eq!(found, [Err(expected)]);
    // It is asked as often as the source says, and not more often below.
    assert_eq!(fake.asked().iter().filter(|request| request.path == "/").count(), 5);
}

#[test]
fn a_task_tells_what_it_is() {
    let fake = Fake::start(|request| match request.path.as_str() {
        "/v4/task" => (
            200,
            r#"{"TaskARN":"arn","Limits":{"CPU":0.25,"Memory":0},"LaunchType":"FARGATE",
            "AvailabilityZone":"true"}"#
                .into(),
        ),
        _ => (200, r#"{"DockerName":"d","Image":"i"}"#.into()),
    });
    let uri = format!("{}/v4", fake.url());
    let check = |variable: &str, more: &[&str]| {
        let found = fetch(&of(Source::EcsMetaData), &variables(&fake, &[(variable, &uri)]));
        let all = ["task-arn=arn", "cpu-limit=0.25", "container-name=d", "image=i"];
        let all: Vec<_> = all.iter().chain(more).map(|tag| format!("ecs:{tag}")).collect();
        assert_eq!(found, [Ok(all)]);
    };
    check("ECS_CONTAINER_METADATA_URI_V4", &["launch-type=FARGATE"]);
    check("ECS_CONTAINER_METADATA_URI", &[]);
}

fn gcp(request: &Request) -> (u16, String) {
    if request.path.starts_with("/compute/v1/") {
        let expected = "/compute/v1/projects/proj/zones/europe-west1-b/instances/vm";
        let good = request.path == expected && request.header("authorization") == "Bearer token";
        return if good { (200, r#"{"labels":{"b":"2","a":""}}"#.into()) } else { (401, String::new()) };
    }
    if request.header("metadata-flavor") != "Google" {
        return (403, String::new());
    }
    let path = request.path.strip_prefix("/computeMetadata/v1/").unwrap_or_default();
    let body = match path.split('?').next().unwrap_or_default() {
        "instance/zone" => "projects/1/zones/europe-west1-b",
        "instance/id" => "42",
        "instance/name" => "vm",
        "instance/machine-type" => "projects/1/machineTypes/e2",
        "instance/scheduling/preemptible" => "TRUE",
        "project/project-id" => "proj",
        "instance/service-accounts/default/token" => r#"{"access_token":"token","expires_in":1}"#,
        _ => return (404, "nothing".into()),
    };
    (200, body.into())
}

#[test]
fn google_tells_facts_and_labels() {
    let fake = Fake::start(gcp);
    let wanted = Wanted {
        sources: vec![Source::GcpLabels, Source::GcpMetaData],
        gcp_paths: vec!["n=instance/name".into()],
        ..Wanted::default()
    };
    let found = fetch(&wanted, &variables(&fake, &[]));
    let tags = [
        "instance-id=42",
        "instance-name=vm",
        "machine-type=e2",
        "preemptible=true",
        "project-id=proj",
        "region=europe-west1",
        "zone=europe-west1-b",
    ]
    .map(|tag| format!("gcp:{tag}"));
    let labels = ["a=", "b=2"].map(str::to_owned);
    assert_eq!(found, [Ok(tags.to_vec()), Ok(vec!["n=vm".to_owned()]), Ok(labels.to_vec())]);
}

/// A path that isn't there drops all tags of the source, without a second try.
#[test]
fn one_missing_path_drops_all() {
    let fake = Fake::start(gcp);
    let wanted = Wanted { gcp_paths: vec!["n=instance/name".into(), "x=nope".into()], ..Wanted::default() };
    let found = fetch(&wanted, &variables(&fake, &[]));
    assert!(found[0].as_ref().unwrap_err().contains("answered 404: nothing"), "{found:?}");
    assert_eq!(fake.asked().len(), 2);
}
