//! Options whose work this agent can't do yet: it says so rather than seem to do it.

use super::Args;
use crate::failure::Failure;

/// Refuses what would change what an agent is, and warns of what it would merely add.
pub(super) fn check(args: &Args) -> Result<(), Failure> {
    let tags = &args.tags;
    let clouds = [
        (tags.tags_from_ec2_meta_data, "EC2 meta-data"),
        (!tags.tags_from_ec2_meta_data_paths.is_empty(), "EC2 meta-data from paths"),
        (tags.tags_from_ec2_tags, "EC2 tags"),
        (tags.tags_from_ecs_meta_data, "ECS meta-data"),
        (tags.tags_from_gcp_meta_data.iter().any(|text| text == "true"), "GCP meta-data"),
        (!tags.tags_from_gcp_meta_data_paths.is_empty(), "GCP meta-data from paths"),
        (tags.tags_from_gcp_labels, "GCP instance labels"),
    ];
    for (_, source) in clouds.iter().filter(|(wanted, _)| *wanted) {
        let message = format!("failed to fetch {source}: this agent can't read them yet");
        if tags.fail_on_missing_tags {
            return Err(Failure::Logged(message));
        }
        tracing::error!("{message}");
    }
    Ok(())
}
