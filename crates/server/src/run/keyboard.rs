//! Keys, while a question is asked: the terminal is in raw mode exactly as long as a [`Keyboard`] exists.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use crossterm::terminal;
use tokio::sync::mpsc;

use super::view::Key;

/// Keys read ahead; a person who types faster than questions are drawn waits.
const AHEAD: usize = 64;
/// How soon the reading thread notices that nobody wants keys any more.
const LOOK: Duration = Duration::from_millis(50);

/// An open keyboard.
#[derive(Debug)]
pub(crate) struct Keyboard {
    keys: mpsc::Receiver<Key>,
    stop: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
}

impl Keyboard {
    /// Takes the keys of the terminal.
    pub(crate) fn open() -> io::Result<Self> {
        terminal::enable_raw_mode()?;
        let (send, keys) = mpsc::channel(AHEAD);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let reader = std::thread::spawn(move || read(&send, &stopped));
        Ok(Self { keys, stop, reader: Some(reader) })
    }

    /// The next key; never, when the terminal is gone.
    pub(crate) async fn key(&mut self) -> Key {
        match self.keys.recv().await {
            Some(key) => key,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.keys.close();
        if let Some(reader) = self.reader.take() {
            drop(reader.join());
        }
        // A terminal that is gone has no mode.
        drop(terminal::disable_raw_mode());
    }
}

fn read(keys: &mpsc::Sender<Key>, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        match event::poll(LOOK) {
            Ok(false) => continue,
            Ok(true) => {}
            Err(_) => return,
        }
        let Ok(event) = event::read() else { return };
        if let Some(key) = key(&event)
            && keys.blocking_send(key).is_err()
        {
            return;
        }
    }
}

fn key(event: &Event) -> Option<Key> {
    let Event::Key(key) = event else { return None };
    if key.kind == KeyEventKind::Release {
        return None;
    }
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('c' | 'd') if control => Some(Key::Interrupt),
        KeyCode::Char('p') if control => Some(Key::Up),
        KeyCode::Char('n') if control => Some(Key::Down),
        KeyCode::Char('h') if control => Some(Key::Backspace),
        KeyCode::Char('j' | 'm') if control => Some(Key::Enter),
        KeyCode::Char(_) if control => None,
        KeyCode::Char(char) => Some(Key::Char(char)),
        KeyCode::Enter => Some(Key::Enter),
        KeyCode::Esc => Some(Key::Escape),
        KeyCode::Backspace => Some(Key::Backspace),
        KeyCode::Up | KeyCode::BackTab => Some(Key::Up),
        KeyCode::Down | KeyCode::Tab => Some(Key::Down),
        _ => None,
    }
}
