//! A pipeline that the server keeps is fetched, signed, and written back (docs/spec/pipeline.md §18).

use std::io;

use redkite_pipeline::sign::Signer;
use redkite_pipeline::{YamlIndent, to_yaml};

use super::graphql::{GraphQl, StoredPipeline};
use super::{Args, parsed};
use crate::cli::Context;
use crate::failure::{Failure, OrFail};

pub(super) fn sign(args: &Args, key: &dyn Signer, cx: &mut Context) -> Result<(), Failure> {
    let graphql = GraphQl::new(&args.graphql_endpoint, &args.graphql_token);
    let (organization, slug) = (&args.organization_slug, &args.pipeline_slug);
    let stored = graphql.pipeline(&format!("{organization}/{slug}")).or_fail("fetching the pipeline")?;
    let Some(StoredPipeline { id, repository_url, yaml }) = stored else {
        return Err(Failure::new(format!("there is no pipeline {organization}/{slug}")));
    };
    let mut pipeline = parsed(&yaml, "(stored)")?;
    args.show_unsigned(&pipeline, cx)?;
    args.sign(&mut pipeline, key, &repository_url)?;
    let signed = to_yaml(&pipeline, YamlIndent::Two);
    if !args.update {
        return Ok(cx.out.text(&signed)?);
    }
    tracing::info!("The pipeline becomes:\n{signed}");
    if !args.no_confirm && !is_confirmed(cx)? {
        tracing::info!("The pipeline stays as it is");
        return Ok(());
    }
    graphql.update(&id, signed.trim()).or_fail("writing the pipeline back")?;
    tracing::info!("The pipeline is signed");
    Ok(())
}

fn is_confirmed(cx: &mut Context) -> Result<bool, Failure> {
    cx.out
        .text("\n\x1b[1mReplace the stored steps with the signed ones? Builds may break. [y/N]:\x1b[0m ")?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).or_fail("reading the answer")?;
    let Some(word) = answer.split_whitespace().next() else {
        return Err(Failure::new("there was no answer"));
    };
    Ok(["y", "yes"].contains(&word.to_lowercase().as_str()))
}
