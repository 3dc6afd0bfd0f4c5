//! How commands and scripts are run: the job's environment and working directory, prompts, shells, capture.
