//! Many runs in one request: a page of the newest runs where several of a pipeline are wanted, single runs where few
//! are, and single runs again for those that a page did not show.
//!
//! Every run stands under an alias of its own in the answer, and so do the errors: what cannot be resolved or read is
//! the failure of that run's look alone. What a missing run proves depends on what the same response shows: its pipeline,
//! or at least its workspace.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

use graphql_client::{GraphQLQuery, PathFragment, Response};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::response::{first_meaning, is_outright};
use super::operations::{FollowRuns, follow_runs};
use super::transport::{Failure, Request, Response as HttpResponse};
use super::{Client, Error};
use crate::domain::connection::Target;
use crate::domain::ids::{PipelineId, RunId, UserId};
use crate::domain::run::{Absence, Followed, Look, Visible};

/// From so many wanted runs of one pipeline on, a page of its newest is cheaper than each by its id.
const CROWD: usize = 4;
/// OpenHEXA's own limit of a page.
const LARGEST_PAGE: usize = 10_000;

/// What became of the look at each run.
pub type Looks = HashMap<RunId, Result<Look, Error>>;

impl Client {
    /// One request, and a second one where a page did not show all.
    pub(super) async fn look_at(
        &self,
        target: &Target,
        wanted: &[Followed],
    ) -> Result<Looks, Error> {
        let mut seen = Looks::new();
        let first = Question::pages_and_singles(wanted);
        self.put(target, &first, &mut seen).await?;
        let missing: Vec<Followed> = wanted
            .iter()
            .filter(|followed| !seen.contains_key(&followed.run))
            .copied()
            .collect();
        if !missing.is_empty() {
            let second = Question::singles(&missing);
            self.put(target, &second, &mut seen).await?;
        }
        Ok(seen)
    }

    async fn put(&self, target: &Target, asked: &Question, seen: &mut Looks) -> Result<(), Error> {
        let request = Request::new(NAME, &asked.body(&target.workspace));
        let read = |response: Result<HttpResponse, Failure>| {
            Parts::read(&response.map_err(|failure| failure.error)?)
        };
        let answer = self.request(target, request, read).await?;
        asked.understand(&answer, &target.workspace, seen);
        Ok(())
    }
}

const NAME: &str = follow_runs::OPERATION_NAME;

/// One request: which runs are asked for under which alias.
#[derive(Default)]
struct Question {
    /// Pipelines that are asked for their newest runs, with what is wanted of them.
    pages: BTreeMap<PipelineId, Vec<RunId>>,
    singles: Vec<Followed>,
}

impl Question {
    fn pages_and_singles(wanted: &[Followed]) -> Self {
        let mut pages: BTreeMap<PipelineId, Vec<RunId>> = BTreeMap::new();
        for followed in wanted {
            pages
                .entry(followed.pipeline)
                .or_default()
                .push(followed.run);
        }
        pages.retain(|_, runs| runs.len() >= CROWD);
        let is_single = |followed: &&Followed| !pages.contains_key(&followed.pipeline);
        let singles = wanted.iter().filter(is_single).copied().collect();
        Self { pages, singles }
    }

    fn singles(wanted: &[Followed]) -> Self {
        Self {
            singles: wanted.to_vec(),
            ..Self::default()
        }
    }

    /// The pipelines that singles are judged by.
    fn beside(&self) -> BTreeSet<PipelineId> {
        self.singles
            .iter()
            .map(|followed| followed.pipeline)
            .collect()
    }

    fn body(&self, workspace: &str) -> Value {
        let mut text = Text::default();
        if !self.singles.is_empty() {
            text.workspace(workspace);
        }
        for (place, (pipeline, runs)) in self.pages.iter().enumerate() {
            text.page(place, *pipeline, runs.len());
        }
        for (place, pipeline) in self.beside().into_iter().enumerate() {
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

    fn understand(&self, answer: &Parts, workspace: &str, seen: &mut Looks) {
        for (place, runs) in self.pages.values().enumerate() {
            understand_page(answer, &format!("p{place}"), runs, workspace, seen);
        }
        let beside: HashMap<PipelineId, Result<Absence, Error>> = self
            .beside()
            .into_iter()
            .enumerate()
            .map(|(place, id)| (id, answer.absence(&format!("s{place}"), workspace)))
            .collect();
        for (place, followed) in self.singles.iter().enumerate() {
            let run = answer.part::<follow_runs::FollowedRun>(&format!("r{place}"));
            let absence = beside.get(&followed.pipeline).cloned();
            let look = run.and_then(|run| judged(run.as_ref(), absence));
            seen.insert(followed.run, look);
        }
    }
}

fn judged(
    run: Option<&follow_runs::FollowedRun>,
    absence: Option<Result<Absence, Error>>,
) -> Result<Look, Error> {
    match run {
        Some(run) => Ok(Look::from(run)),
        None => Ok(Look::Absent(absence.unwrap_or(Err(Error::Unreadable))?)),
    }
}

/// A page tells only of runs that it shows; all others are asked for by their id.
fn understand_page(answer: &Parts, alias: &str, runs: &[RunId], workspace: &str, seen: &mut Looks) {
    let page = match answer.part::<follow_runs::FollowedPipeline>(alias) {
        Ok(Some(page)) if page.workspace.slug == workspace => page,
        Ok(_) => return,
        Err(error) => {
            seen.extend(runs.iter().map(|run| (*run, Err(error.clone()))));
            return;
        }
    };
    let shown: HashMap<RunId, Look> = page
        .runs
        .items
        .iter()
        .map(|run| (RunId(run.id), Look::from(run)))
        .collect();
    let found = |run: &RunId| Some((*run, Ok(shown.get(run)?.clone())));
    seen.extend(runs.iter().filter_map(found));
}

/// The text of a request, made from the typed one.
#[derive(Default)]
struct Text {
    declared: String,
    fields: String,
    variables: Map<String, Value>,
}

impl Text {
    fn field(&mut self, alias: &str, field: &str, id: uuid::Uuid, selection: &str) {
        self.variables.insert(alias.to_owned(), json!(id));
        // Writing into a String cannot fail.
        let _ = write!(self.declared, "${alias}: UUID! ");
        let _ = writeln!(
            self.fields,
            "{alias}: {field}(id: ${alias}) {{ {selection} }}"
        );
    }

    /// Some more than are wanted: runs that others made since stand in front of ours.
    fn page(&mut self, place: usize, pipeline: PipelineId, wanted: usize) {
        let newest = (wanted + wanted / 4 + 5).min(LARGEST_PAGE);
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

/// A fragment of the typed query: the whole of it, and what it selects.
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

/// An answer by its aliases.
struct Parts {
    data: HashMap<String, Value>,
    errors: Vec<graphql_client::Error>,
}

impl Parts {
    /// An error that names no alias, or a refused token, is the answer to everything.
    fn read(answer: &HttpResponse) -> Result<Self, Error> {
        let read: Response<HashMap<String, Value>> =
            super::response::read(&answer.body).map_err(|_| Error::Unreadable)?;
        let errors = read.errors.unwrap_or_default();
        super::response::log(answer, &errors);
        match read.data {
            Some(data) if !is_outright(&errors) => Ok(Self { data, errors }),
            _ => Err(first_meaning(&errors).unwrap_or(Error::Unreadable)),
        }
    }

    /// What stands under an alias; None where OpenHEXA says null and no error beside it.
    fn part<T: DeserializeOwned>(&self, alias: &str) -> Result<Option<T>, Error> {
        let ours: Vec<graphql_client::Error> = self
            .errors
            .iter()
            .filter(|error| alias_of(error) == Some(alias))
            .cloned()
            .collect();
        if let Some(error) = first_meaning(&ours) {
            return Err(error);
        }
        let value = self.data.get(alias).ok_or(Error::Unreadable)?;
        serde_json::from_value(value.clone()).map_err(|_| Error::Unreadable)
    }

    /// What is shown where a run is missing. A pipeline of another workspace is not ours, and was not deleted either.
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

/// The typed query itself is never sent; it is where its fragments come from.
const _: fn(follow_runs::Variables) -> graphql_client::QueryBody<follow_runs::Variables> =
    FollowRuns::build_query;
