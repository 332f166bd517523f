//! Makes Cargo compile the bridge again when a file of `migrations/` changes: the migrations are compiled in, and Cargo notices
//! only changes of Rust files by itself. Cargo looks for build scripts here, next to `Cargo.toml`.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
