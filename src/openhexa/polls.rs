//! Polls of many runs in one request. If several runs of a pipeline are polled, a page of its newest runs is requested, otherwise
//! each run by its id. Runs that the page does not contain are requested by id in a second request.
//!
//! Each run and its errors have their own alias in the response, so a run that cannot be read does not affect the others. What a
//! missing run proves depends on what the same response shows: its pipeline, or at least its workspace.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

use graphql_client::{GraphQLQuery, PathFragment, Response};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::operations::{FollowRuns, follow_runs};
use super::response::{concern_whole_request, first_error};
use super::transport::{HttpResponse, Request, SendFailure};
use super::{Client, Error};
use crate::domain::connection::Target;
use crate::domain::ids::{PipelineId, RunId, UserId};
use crate::domain::run::{Absence, PollResult, PolledRun, Visible};

/// From this number of runs of one pipeline, a page of its newest runs is cheaper than each run by its id.
const MIN_RUNS_FOR_PAGE: usize = 4;
/// OpenHEXA's limit.
const MAX_PAGE_SIZE: usize = 10_000;

/// The result of polling each run.
pub type PollResults = HashMap<RunId, Result<PollResult, Error>>;

impl Client {
    /// Sends one request, and a second one if a page does not contain all runs.
    pub(super) async fn send_polls(
        &self,
        target: &Target,
        wanted: &[PolledRun],
    ) -> Result<PollResults, Error> {
        let mut seen = PollResults::new();
        let first = PollRequest::pages_and_singles(wanted);
        self.send_poll(target, &first, &mut seen).await?;
        let missing: Vec<PolledRun> = wanted
            .iter()
            .filter(|followed| !seen.contains_key(&followed.run))
            .copied()
            .collect();
        if !missing.is_empty() {
            let second = PollRequest::singles(&missing);
            self.send_poll(target, &second, &mut seen).await?;
        }
        Ok(seen)
    }

    async fn send_poll(
        &self,
        target: &Target,
        poll: &PollRequest,
        seen: &mut PollResults,
    ) -> Result<(), Error> {
        let request = Request::new(NAME, &poll.body(&target.workspace));
        let read = |response: Result<HttpResponse, SendFailure>| {
            AliasedResponse::parse(&response.map_err(|failure| failure.error)?)
        };
        let response = self.request(target, request, read).await?;
        poll.add_results(&response, &target.workspace, seen);
        Ok(())
    }
}

const NAME: &str = follow_runs::OPERATION_NAME;

/// One request: which runs have which alias.
#[derive(Default)]
struct PollRequest {
    /// Pipelines whose newest runs are requested, with the runs to poll.
    pages: BTreeMap<PipelineId, Vec<RunId>>,
    singles: Vec<PolledRun>,
}

impl PollRequest {
    fn pages_and_singles(wanted: &[PolledRun]) -> Self {
        let mut pages: BTreeMap<PipelineId, Vec<RunId>> = BTreeMap::new();
        for followed in wanted {
            pages
                .entry(followed.pipeline)
                .or_default()
                .push(followed.run);
        }
        pages.retain(|_, runs| runs.len() >= MIN_RUNS_FOR_PAGE);
        let is_single = |followed: &&PolledRun| !pages.contains_key(&followed.pipeline);
        let singles = wanted.iter().filter(is_single).copied().collect();
        Self { pages, singles }
    }

    fn singles(wanted: &[PolledRun]) -> Self {
        Self {
            singles: wanted.to_vec(),
            ..Self::default()
        }
    }

    /// The pipelines of the single runs. They decide what a missing run proves.
    fn pipelines_of_singles(&self) -> BTreeSet<PipelineId> {
        self.singles
            .iter()
            .map(|followed| followed.pipeline)
            .collect()
    }

    fn body(&self, workspace: &str) -> Value {
        let mut text = QueryText::default();
        if !self.singles.is_empty() {
            text.workspace(workspace);
        }
        for (place, (pipeline, runs)) in self.pages.iter().enumerate() {
            text.page(place, *pipeline, runs.len());
        }
        for (place, pipeline) in self.pipelines_of_singles().into_iter().enumerate() {
            text.field(
                &format!("s{place}"),
                "pipeline",
                pipeline.0,
                "...SeenPipeline",
            );
        }
        for (place, followed) in self.singles.iter().enumerate() {
            text.field(
                &format!("r{place}"),
                "pipelineRun",
                followed.run.0,
                "...FollowedRun",
            );
        }
        json!({"operationName": NAME, "query": text.document(), "variables": text.variables})
    }

    fn add_results(&self, response: &AliasedResponse, workspace: &str, seen: &mut PollResults) {
        for (place, runs) in self.pages.values().enumerate() {
            add_page(response, &format!("p{place}"), runs, workspace, seen);
        }
        let absences: HashMap<PipelineId, Result<Absence, Error>> = self
            .pipelines_of_singles()
            .into_iter()
            .enumerate()
            .map(|(place, id)| (id, response.absence(&format!("s{place}"), workspace)))
            .collect();
        for (place, followed) in self.singles.iter().enumerate() {
            let run = response.part::<follow_runs::FollowedRun>(&format!("r{place}"));
            let absence = absences.get(&followed.pipeline).cloned();
            let look = run.and_then(|run| result_of(run.as_ref(), absence));
            seen.insert(followed.run, look);
        }
    }
}

fn result_of(
    run: Option<&follow_runs::FollowedRun>,
    absence: Option<Result<Absence, Error>>,
) -> Result<PollResult, Error> {
    match run {
        Some(run) => Ok(PollResult::from(run)),
        None => Ok(PollResult::Absent(
            absence.unwrap_or(Err(Error::Unreadable))?,
        )),
    }
}

/// Runs that the page does not contain are requested by id.
fn add_page(
    response: &AliasedResponse,
    alias: &str,
    runs: &[RunId],
    workspace: &str,
    seen: &mut PollResults,
) {
    let page = match response.part::<follow_runs::FollowedPipeline>(alias) {
        Ok(Some(page)) if page.workspace.slug == workspace => page,
        Ok(_) => return,
        Err(error) => {
            seen.extend(runs.iter().map(|run| (*run, Err(error.clone()))));
            return;
        }
    };
    let shown: HashMap<RunId, PollResult> = page
        .runs
        .items
        .iter()
        .map(|run| (RunId(run.id), PollResult::from(run)))
        .collect();
    let found = |run: &RunId| Some((*run, Ok(shown.get(run)?.clone())));
    seen.extend(runs.iter().filter_map(found));
}

/// The text of a request, made from the fragments of the typed query.
#[derive(Default)]
struct QueryText {
    declared: String,
    fields: String,
    variables: Map<String, Value>,
}

impl QueryText {
    fn field(&mut self, alias: &str, field: &str, id: uuid::Uuid, selection: &str) {
        self.variables.insert(alias.to_owned(), json!(id));
        // Writing into a String cannot fail.
        let _ = write!(self.declared, "${alias}: UUID! ");
        let _ = writeln!(
            self.fields,
            "{alias}: {field}(id: ${alias}) {{ {selection} }}"
        );
    }

    /// A few more than the runs to poll, because newer runs come first.
    fn page(&mut self, place: usize, pipeline: PipelineId, wanted: usize) {
        let newest = (wanted + wanted / 4 + 5).min(MAX_PAGE_SIZE);
        let size = format!("n{place}");
        let _ = write!(self.declared, "${size}: Int! ");
        self.variables.insert(size.clone(), json!(newest));
        let selection = fragment("FollowedPipeline")
            .1
            .replace("$newest", &format!("${size}"));
        self.field(&format!("p{place}"), "pipeline", pipeline.0, &selection);
    }

    fn workspace(&mut self, slug: &str) {
        self.variables.insert("workspace".to_owned(), json!(slug));
        self.declared.push_str("$workspace: String! ");
        self.fields.push_str("...SeenWorkspace\n");
    }

    fn document(&self) -> String {
        let Self {
            declared, fields, ..
        } = self;
        let fragments = ["FollowedRun", "SeenPipeline", "SeenWorkspace"]
            .into_iter()
            .filter(|name| fields.contains(name))
            .map(|name| fragment(name).0);
        let fragments: Vec<&str> = fragments.collect();
        format!(
            "query {NAME}({declared}) {{\n{fields}}}\n{}",
            fragments.join("\n")
        )
    }
}

/// A fragment of the typed query: its full text, and its selection.
fn fragment(name: &str) -> (&'static str, &'static str) {
    let text = follow_runs::QUERY;
    let start = text
        .find(&format!("fragment {name} on "))
        .unwrap_or(text.len());
    let rest = &text[start..];
    let whole = &rest[..rest.find("\n}").map_or(rest.len(), |end| end + 2)];
    let inner = whole.find('{').map_or("", |open| &whole[open + 1..]);
    (whole, inner.strip_suffix('}').unwrap_or(inner))
}

/// A response, by alias.
struct AliasedResponse {
    data: HashMap<String, Value>,
    errors: Vec<graphql_client::Error>,
}

impl AliasedResponse {
    /// An error without an alias, and a rejected token, are the error of the whole request.
    fn parse(response: &HttpResponse) -> Result<Self, Error> {
        let parsed: Response<HashMap<String, Value>> =
            super::response::parse(&response.body).map_err(|_| Error::Unreadable)?;
        let errors = parsed.errors.unwrap_or_default();
        super::response::log(response, &errors);
        match parsed.data {
            Some(data) if !concern_whole_request(&errors) => Ok(Self { data, errors }),
            _ => Err(first_error(&errors).unwrap_or(Error::Unreadable)),
        }
    }

    /// The data of an alias; None if it is null and there is no error.
    fn part<T: DeserializeOwned>(&self, alias: &str) -> Result<Option<T>, Error> {
        let own: Vec<graphql_client::Error> = self
            .errors
            .iter()
            .filter(|error| alias_of(error) == Some(alias))
            .cloned()
            .collect();
        if let Some(error) = first_error(&own) {
            return Err(error);
        }
        let value = self.data.get(alias).ok_or(Error::Unreadable)?;
        serde_json::from_value(value.clone()).map_err(|_| Error::Unreadable)
    }

    /// What the response shows instead of a missing run. A pipeline that is now in another workspace was not deleted.
    fn absence(&self, alias: &str, workspace: &str) -> Result<Absence, Error> {
        let pipeline = self.part::<follow_runs::SeenPipeline>(alias)?;
        let elsewhere = pipeline.is_some();
        if pipeline.is_some_and(|pipeline| pipeline.workspace.slug == workspace) {
            return Ok(Absence::of(Visible::Pipeline));
        }
        let found = self.part::<follow_runs::SeenWorkspaceWorkspace>("workspace")?;
        let me = self.part::<follow_runs::SeenWorkspaceMe>("me")?;
        let sees_workspace = found.is_some_and(|found| found.slug == workspace);
        let visible = if sees_workspace && !elsewhere {
            Visible::Workspace
        } else {
            Visible::Nothing
        };
        let user = me.and_then(|me| me.user).map(|user| UserId(user.id));
        Ok(Absence { visible, user })
    }
}

fn alias_of(error: &graphql_client::Error) -> Option<&str> {
    match error.path.as_deref()?.first()? {
        PathFragment::Key(alias) => Some(alias),
        PathFragment::Index(_) => None,
    }
}

/// The typed query itself is never sent; only its fragments are used.
const _: fn(follow_runs::Variables) -> graphql_client::QueryBody<follow_runs::Variables> =
    FollowRuns::build_query;
