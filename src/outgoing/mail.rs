//! Sends an e-mail to each of its recipients over one SMTP connection, each with an envelope of its own, so that one recipient whom
//! the server refuses does not stop the others.

use std::time::Duration;

use lettre::Address;
use lettre::message::Mailbox;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::ClientId;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;

use super::{Letter, OutgoingError};
use crate::domain::certificate::untrusted;
use crate::domain::notification::{Answer, AnswerCode, Outcome, Recipients, TryResult};
use crate::domain::root_cause::root_cause;

/// How a connection to the mail server is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// It becomes encrypted before anything is sent; a server that cannot do that gets nothing.
    StartTls,
    Tls,
    None,
}

#[derive(Clone, Debug)]
pub struct MailOptions {
    pub host: String,
    pub port: u16,
    pub encryption: Encryption,
    pub credentials: Option<(String, SecretString)>,
    pub from: String,
    /// Of connecting, and of sending to one recipient.
    pub timeout: Duration,
    /// PEM, of authorities that are trusted in addition to those of the system.
    pub authorities: Option<Vec<u8>>,
}

pub struct Mailer {
    host: String,
    port: u16,
    encryption: Encryption,
    tls: Option<TlsParameters>,
    credentials: Option<Credentials>,
    from: Mailbox,
    hello: ClientId,
    timeout: Duration,
}

/// Why a recipient did not get the message.
enum Rejection {
    /// The server refuses this recipient or this message for ever.
    Permanent(Answer),
    Temporary(Answer),
    /// The connection cannot be used any more.
    Connection(Answer),
}

impl Mailer {
    pub fn new(options: MailOptions) -> Result<Self, OutgoingError> {
        let from: Mailbox = options.from.parse().map_err(|_| OutgoingError::From)?;
        let credentials = options
            .credentials
            .map(|(name, password)| Credentials::new(name, password.expose_secret().to_owned()));
        let tls = match options.encryption {
            Encryption::StartTls | Encryption::Tls => {
                let tls = tls_parameters(&options.host, options.authorities.as_deref());
                Some(tls.map_err(|error| OutgoingError::Tls(error.to_string()))?)
            }
            Encryption::None => None,
        };
        Ok(Self {
            hello: ClientId::Domain(from.email.domain().to_owned()),
            host: options.host,
            port: options.port,
            encryption: options.encryption,
            tls,
            credentials,
            from,
            timeout: options.timeout,
        })
    }

    /// Sends the letter to these recipients, who are given with their marks.
    pub async fn send(&self, letter: &Letter, recipients: &[(String, String)]) -> TryResult {
        let Some(bytes) = letter.formatted(&self.from) else {
            return TryResult::new(Outcome::Refused, AnswerCode::Address);
        };
        let mut connection = match self.within(self.connect()).await {
            Ok(connection) => connection,
            Err(answer) => return TryResult::retry(answer),
        };
        let mut sending = Sending::default();
        for (address, mark) in recipients {
            let sent = self.within(self.send_to(&mut connection, address, &bytes));
            let is_usable = match sent.await {
                Ok(result) => sending.add(mark, result),
                Err(answer) => sending.add(mark, Err(Rejection::Connection(answer))),
            };
            if !is_usable {
                return sending.result();
            }
        }
        // The messages are sent already, so an error here changes nothing.
        let _ = self
            .within(async { connection.quit().await.map_err(answer) })
            .await;
        sending.result()
    }

    async fn within<T>(&self, work: impl Future<Output = Result<T, Answer>>) -> Result<T, Answer> {
        let done = timeout(self.timeout, work).await;
        done.unwrap_or_else(|_| Err(AnswerCode::TimedOut.into()))
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Answer> {
        let server = (self.host.as_str(), self.port);
        let (at_once, later) = match self.encryption {
            Encryption::Tls => (self.tls.clone(), None),
            Encryption::StartTls | Encryption::None => (None, self.tls.clone()),
        };
        let connecting = AsyncSmtpConnection::connect_tokio1(
            server,
            Some(self.timeout),
            &self.hello,
            at_once,
            None,
        );
        let mut connection = connecting.await.map_err(answer)?;
        if let Some(tls) = later {
            if !connection.can_starttls() {
                return Err(AnswerCode::NoStartTls.into());
            }
            connection
                .starttls(tls, &self.hello)
                .await
                .map_err(answer)?;
        }
        if let Some(credentials) = &self.credentials {
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            let done = connection.auth(&mechanisms, credentials).await;
            done.map_err(answer)?;
        }
        Ok(connection)
    }

    /// Never fails itself: the result for this recipient is inside.
    async fn send_to(
        &self,
        connection: &mut AsyncSmtpConnection,
        address: &str,
        bytes: &[u8],
    ) -> Result<Result<String, Rejection>, Answer> {
        let Ok(to) = address.parse::<Address>() else {
            return Ok(Err(Rejection::Permanent(AnswerCode::Address.into())));
        };
        let sent = self.transaction(connection, to, bytes).await;
        if let Err(Rejection::Permanent(_) | Rejection::Temporary(_)) = &sent {
            // Ends the transaction, so that the connection can be used for the next recipient.
            connection.command(Rset).await.map_err(answer)?;
        }
        Ok(sent)
    }

    async fn transaction(
        &self,
        connection: &mut AsyncSmtpConnection,
        to: Address,
        bytes: &[u8],
    ) -> Result<String, Rejection> {
        let from = Some(self.from.email.clone());
        let accepted = connection.command(Mail::new(from, Vec::new())).await;
        // A refused sender is a wrong setting, which can be corrected before the next try.
        accepted.map_err(|error| match rejection(&error) {
            Rejection::Permanent(answer) => Rejection::Temporary(answer),
            other @ (Rejection::Temporary(_) | Rejection::Connection(_)) => other,
        })?;
        let accepted = connection.command(Rcpt::new(to, Vec::new())).await;
        accepted.map_err(|error| rejection(&error))?;
        let accepted = connection.command(Data).await;
        accepted.map_err(|error| rejection(&error))?;
        let sent = connection.message(bytes).await;
        let response = sent.map_err(|error| rejection(&error))?;
        let text: Vec<&str> = response.message().collect();
        Ok(format!("{} {}", response.code(), text.join(" ")))
    }
}

/// The results for the recipients so far.
#[derive(Default)]
struct Sending {
    recipients: Recipients,
    accepted: Option<Answer>,
    refused: Option<Answer>,
    failed: Option<Answer>,
}

impl Sending {
    /// Returns whether the connection can be used for the next recipient.
    fn add(&mut self, mark: &str, result: Result<String, Rejection>) -> bool {
        match result {
            Ok(text) => {
                self.recipients.reached.push(mark.to_owned());
                self.accepted = Some(Answer::with(AnswerCode::Reply, &text));
            }
            Err(Rejection::Permanent(answer)) => {
                self.recipients.refused.push(mark.to_owned());
                self.refused = Some(answer);
            }
            Err(Rejection::Temporary(answer)) => self.failed = Some(answer),
            Err(Rejection::Connection(answer)) => {
                self.failed = Some(answer);
                return false;
            }
        }
        true
    }

    /// The recipients who are left get it with the next try. Who is refused is in the answer, also if all others got it.
    fn result(self) -> TryResult {
        let outcome = match (&self.failed, &self.accepted) {
            (Some(_), _) => Outcome::Retry { after: None },
            (None, Some(_)) => Outcome::Delivered,
            (None, None) => Outcome::Refused,
        };
        let answer = self.failed.or(self.refused).or(self.accepted);
        TryResult {
            outcome,
            answer: answer.unwrap_or_else(|| AnswerCode::Address.into()),
            recipients: self.recipients,
        }
    }
}

fn tls_parameters(host: &str, authorities: Option<&[u8]>) -> Result<TlsParameters, SmtpError> {
    let mut tls = TlsParameters::builder(host.to_owned());
    if let Some(pem) = authorities {
        tls = tls.add_root_certificate(Certificate::from_pem(pem)?);
    }
    tls.build_rustls()
}

fn rejection(error: &SmtpError) -> Rejection {
    match (error.is_permanent(), error.is_transient()) {
        (true, _) => Rejection::Permanent(answer_of(error)),
        (false, true) => Rejection::Temporary(answer_of(error)),
        (false, false) => Rejection::Connection(answer_of(error)),
    }
}

fn answer(error: SmtpError) -> Answer {
    answer_of(&error)
}

fn answer_of(error: &SmtpError) -> Answer {
    if let Some(cause) = untrusted(error) {
        return Answer::with(AnswerCode::Untrusted, &cause);
    }
    let cause = root_cause(error).unwrap_or_else(|| error.to_string());
    match error.status() {
        Some(code) => Answer::with(AnswerCode::Reply, &format!("{code} {cause}")),
        None if error.is_timeout() => AnswerCode::TimedOut.into(),
        None => Answer::with(AnswerCode::Unreachable, &cause),
    }
}
