//! How the program is linked: as little as possible to read and to do at the start of each process.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=link");
    let variable = |name| std::env::var(name).unwrap_or_default();
    if variable("CARGO_CFG_TARGET_OS") != "linux" || variable("CARGO_CFG_TARGET_ENV") != "gnu" {
        return;
    }
    // Tests unwind, but for those of the program itself with `cargo test --release`: the first failure ends them.
    if variable("PROFILE") == "release" {
        let link = Path::new(env!("CARGO_MANIFEST_DIR")).join("link");
        for object in cc::Build::new().file(link.join("no_unwind.c")).compile_intermediates() {
            println!("cargo::rustc-link-arg-bins={}", object.display());
        }
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{}", link.join("event.ld").display());
    }
    if variable("TARGET") == variable("HOST") && knows_packed_relocations() {
        // A quarter of a megabyte less to read at each start.
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// Whether the C library that the program will run with does: glibc from 2.36 on. Built for another
/// machine, nobody knows.
fn knows_packed_relocations() -> bool {
    let named = Command::new("cc").arg("-print-file-name=libc.so.6").output();
    let path = named.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let library = path.and_then(std::fs::read).unwrap_or_default();
    let name = b"GLIBC_ABI_DT_RELR";
    library.windows(name.len()).any(|window| window == name)
}
