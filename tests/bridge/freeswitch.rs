//! A FreeSWITCH, followed by the real program over a real socket.

mod connection;
mod following;
mod recorded;
