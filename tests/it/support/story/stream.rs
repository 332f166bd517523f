//! A stream as a client reads it: block by block, each looked through for secrets at the story's end like any answer.

use std::sync::{Arc, Mutex};

use reqwest::{Method, Response};
use serde_json::Value;

use super::{As, Ask, PATIENCE, Story};

/// An open stream.
pub struct Stream {
    response: Response,
    /// Bytes, because a chunk can end within a letter.
    unread: Vec<u8>,
    answers: Arc<Mutex<String>>,
    /// What a client would send as `Last-Event-ID`.
    pub last_id: String,
}

/// A block between two empty lines.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    Task(Value),
    Comment,
    /// Neither: a time to wait, an id.
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

    /// All tasks, once the stream has said where it begins.
    pub async fn all_tasks(&self) -> Stream {
        let mut stream = self.stream("/tasks/stream/").await;
        stream.opens().await;
        stream
    }

    /// All tasks again, by somebody who had read so far.
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

    /// The next block; None when the stream has ended as streams should.
    pub async fn next(&mut self) -> Option<Block> {
        loop {
            if let Some(end) = self.unread.windows(2).position(|two| two == b"\n\n") {
                let block: Vec<u8> = self.unread.drain(..end + 2).collect();
                let block = String::from_utf8(block).unwrap();
                self.answers.lock().unwrap().push_str(&block);
                return Some(self.read(block.trim_end_matches('\n')));
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await;
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
            (Some(event), Some(data)) if event == "task" => {
                Block::Task(serde_json::from_str(&data).unwrap())
            }
            (None, None) => Block::Other(block.to_owned()),
            _ => panic!("no block of ours: {block}"),
        }
    }

    async fn opens(&mut self) {
        let first = self.next().await;
        assert!(matches!(first, Some(Block::Other(_))), "{first:?}");
    }

    /// The next task that is told.
    pub async fn task(&mut self) -> Value {
        loop {
            match self.next().await.expect("a task, not the end") {
                Block::Task(task) => return task,
                Block::Comment | Block::Other(_) => {}
            }
        }
    }

    /// Reads until a task is told that is as wanted.
    pub async fn until(&mut self, holds: impl Fn(&Value) -> bool) -> Value {
        // Comments and other tasks go on coming, so each of them alone is no sign of life.
        let told = async {
            loop {
                let task = self.task().await;
                if holds(&task) {
                    return task;
                }
            }
        };
        tokio::time::timeout(PATIENCE, told).await.expect("in time")
    }

    /// All that is told until the stream ends, which it must in time: comments alone could go on for ever.
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
        let told = tokio::time::timeout(PATIENCE, told).await;
        told.expect("the stream ends in time")
    }
}
