//! A stream, read block by block. Its content is searched for secrets at the end of the story, like all responses.

use std::sync::{Arc, Mutex};

use reqwest::{Method, Response};
use serde_json::Value;

use super::{As, Ask, MAX_WAIT, Story};

/// An open stream.
pub struct Stream {
    response: Response,
    /// Bytes, because a chunk can end within a character.
    unread: Vec<u8>,
    answers: Arc<Mutex<String>>,
    /// The last event id, which a client sends as `Last-Event-ID`.
    pub last_id: String,
}

/// A block between two empty lines.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// A task, or a run of a flow.
    Task(Value),
    Comment,
    /// A block without event and comment: a retry time or an id.
    Other(String),
}

impl Ask<'_> {
    pub async fn stream(self) -> Stream {
        let response = self.request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        Stream {
            response,
            unread: Vec::new(),
            answers: self.story.answers.clone(),
            last_id: String::new(),
        }
    }
}

impl Story {
    pub async fn stream(&self, path: &str) -> Stream {
        self.ask(As::Viewer, Method::GET, path).stream().await
    }

    /// The stream of all tasks; returns once it has sent its position.
    pub async fn all_tasks(&self) -> Stream {
        let mut stream = self.stream("/tasks/stream/").await;
        stream.opens().await;
        stream
    }

    /// The stream of all tasks, reconnected with this `Last-Event-ID`.
    pub async fn all_tasks_after(&self, last_id: &str) -> Stream {
        let ask = self.ask(As::Viewer, Method::GET, "/tasks/stream/");
        let mut stream = ask.header("Last-Event-ID", last_id).stream().await;
        stream.opens().await;
        stream
    }
}

impl Stream {
    pub fn header(&self, name: &str) -> &str {
        self.response
            .headers()
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The next block; none if the stream has ended correctly.
    pub async fn next(&mut self) -> Option<Block> {
        loop {
            if let Some(end) = self.unread.windows(2).position(|two| two == b"\n\n") {
                let block: Vec<u8> = self.unread.drain(..end + 2).collect();
                let block = String::from_utf8(block).unwrap();
                self.answers.lock().unwrap().push_str(&block);
                return Some(self.read(block.trim_end_matches('\n')));
            }
            let chunk = tokio::time::timeout(MAX_WAIT, self.response.chunk()).await;
            let Some(chunk) = chunk.expect("something, in time").unwrap() else {
                assert_eq!(String::from_utf8_lossy(&self.unread), "", "cut off");
                return None;
            };
            self.unread.extend_from_slice(&chunk);
        }
    }

    fn read(&mut self, block: &str) -> Block {
        if block.starts_with(':') {
            return Block::Comment;
        }
        let field = |name: &str| {
            let mut values = block.lines().filter_map(|line| line.strip_prefix(name));
            values.next().map(|value| value.trim_start().to_owned())
        };
        if let Some(id) = field("id:") {
            self.last_id = id;
        }
        match (field("event:"), field("data:")) {
            (Some(event), Some(data)) if ["task", "flow-run"].contains(&event.as_str()) => {
                Block::Task(serde_json::from_str(&data).unwrap())
            }
            (None, None) => Block::Other(block.to_owned()),
            _ => panic!("unknown block: {block}"),
        }
    }

    async fn opens(&mut self) {
        let first = self.next().await;
        assert!(matches!(first, Some(Block::Other(_))), "{first:?}");
    }

    /// The task of the next event.
    pub async fn task(&mut self) -> Value {
        loop {
            match self.next().await.expect("a task, not the end") {
                Block::Task(task) => return task,
                Block::Comment | Block::Other(_) => {}
            }
        }
    }

    /// Reads until an event with a matching task.
    pub async fn until(&mut self, holds: impl Fn(&Value) -> bool) -> Value {
        // The time limit is for the whole wait, because comments and other tasks continue to arrive.
        let told = async {
            loop {
                let task = self.task().await;
                if holds(&task) {
                    return task;
                }
            }
        };
        tokio::time::timeout(MAX_WAIT, told).await.expect("in time")
    }

    /// All tasks until the stream ends. Fails if it does not end in time.
    pub async fn rest(&mut self) -> Vec<Value> {
        let told = async {
            let mut tasks = Vec::new();
            while let Some(block) = self.next().await {
                if let Block::Task(task) = block {
                    tasks.push(task);
                }
            }
            tasks
        };
        let told = tokio::time::timeout(MAX_WAIT, told).await;
        told.expect("the stream ends in time")
    }
}
