//! The last cause of an error of a connection, such as "Connection refused (os error 111)".

use std::error::Error;

/// It contains nothing of the request. None: the error has no cause.
pub fn root_cause(error: &dyn Error) -> Option<String> {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    causes.last().map(ToString::to_string)
}
