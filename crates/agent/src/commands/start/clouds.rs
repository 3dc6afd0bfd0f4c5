//! Tags that clouds tell (docs/spec/agent.md §5, sources 4 to 10). Without their flags nothing is made or asked.

use redkite_cloud::{Source, Waits, Wanted};

use super::options::TagOptions;
use crate::environment::Environment;
use crate::failure::{Failure, chain};

/// The tags of all wanted sources. One that gives nothing is told, and fatal with `fail-on-missing-tags`.
pub(super) fn tags(options: &TagOptions, environment: &Environment) -> Result<Vec<String>, Failure> {
    let wanted = wanted(options);
    let waits = Waits {
        ec2_meta_data: options.wait_for_ec2_meta_data_timeout.as_std(),
        ec2_tags: options.wait_for_ec2_tags_timeout.as_std(),
        ecs_meta_data: options.wait_for_ecs_meta_data_timeout.as_std(),
        gcp_labels: options.wait_for_gcp_labels_timeout.as_std(),
    };
    let mut tags = Vec::new();
    for found in wanted.fetch(&waits, environment) {
        match found {
            Ok(found) => tags.extend(found),
            Err(error) if options.fail_on_missing_tags => return Err(Failure::Logged(chain(&error))),
            Err(error) => tracing::error!("{}", chain(&error)),
        }
    }
    Ok(tags)
}

fn wanted(options: &TagOptions) -> Wanted {
    let sources = [
        (options.tags_from_ec2_meta_data, Source::Ec2MetaData),
        (options.tags_from_ec2_tags, Source::Ec2Tags),
        (options.tags_from_ecs_meta_data, Source::EcsMetaData),
        (is_true(&options.tags_from_gcp_meta_data), Source::GcpMetaData),
        (options.tags_from_gcp_labels, Source::GcpLabels),
    ];
    Wanted {
        sources: sources.into_iter().filter_map(|(wanted, source)| wanted.then_some(source)).collect(),
        ec2_paths: options.tags_from_ec2_meta_data_paths.clone(),
        gcp_paths: options.tags_from_gcp_meta_data_paths.clone(),
    }
}

/// A list that is read as a flag: anything but one word for true is false (§4).
fn is_true(list: &[String]) -> bool {
    matches!(list, [word] if ["1", "t", "T", "true", "TRUE", "True"].contains(&word.as_str()))
}
