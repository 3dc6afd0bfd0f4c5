//! The tags of an instance: `DescribeTags` of EC2.

use std::time::SystemTime;

use super::endpoint::Api;
use super::sign::{Scope, signed};
use super::{Config, Imds, credentials};
use crate::http::{Answer, Ask, Service, Way};
use crate::{CloudError, Variables};

const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

/// Every tag of the instance that this machine is, as `name=value`.
pub(crate) fn instance_tags(variables: Variables<'_>) -> Result<Vec<String>, CloudError> {
    let config = Config::load(variables);
    let instance = Imds::new(&config)?.get("meta-data/instance-id")?;
    let region = config.region()?;
    let credentials = credentials::find(&config)?;
    let endpoint = format!("{}/", config.endpoint(Api::Ec2, &region)?);
    let service = Service::new("Amazon EC2", Way::Open);
    let (mut tags, mut next) = (Vec::new(), None);
    loop {
        let body = question(&instance, next.as_deref());
        let answer = service.ask(|| {
            let scope = Scope { service: "ec2", region: &region };
            signed(Ask::post(&endpoint, FORM, body.clone()), &credentials, &scope, SystemTime::now())
        })?;
        next = read(&answer, &mut tags)?;
        if next.is_none() {
            break;
        }
    }
    if tags.is_empty() {
        return Err(CloudError::Nothing("Amazon EC2, asked for the tags of this instance,"));
    }
    Ok(tags)
}

fn question(instance: &str, next: Option<&str>) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("Action", "DescribeTags").append_pair("Version", "2016-11-15");
    form.append_pair("Filter.1.Name", "resource-id").append_pair("Filter.1.Value.1", instance);
    if let Some(next) = next {
        form.append_pair("NextToken", next);
    }
    form.finish()
}

/// Adds a page's tags; answers with the token of the next page.
fn read(answer: &Answer, tags: &mut Vec<String>) -> Result<Option<String>, CloudError> {
    let document = roxmltree::Document::parse(&answer.body).map_err(|_| answer.lacks("a list of tags"))?;
    let child = |node: roxmltree::Node<'_, '_>, name: &str| {
        let found = node.children().find(|child| child.tag_name().name() == name);
        found.and_then(|child| child.text()).map(str::to_owned)
    };
    for item in document.descendants().filter(|node| node.tag_name().name() == "item") {
        let key = child(item, "key").ok_or_else(|| answer.lacks("the name of a tag"))?;
        tags.push(format!("{key}={}", child(item, "value").unwrap_or_default()));
    }
    Ok(child(document.root_element(), "nextToken").filter(|token| !token.is_empty()))
}
