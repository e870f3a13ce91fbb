//! `supervisor.*`.

use super::{Method, Param, Type};

const PROCESS: Param = Param::new(Type::String, "name", "A process: 'name', or 'group:name'");
const PROCESS_OR_GROUP: Param =
    Param::new(Type::String, "name", "A process: 'name' or 'group:name', or a group: 'group:*'");
const GROUP: Param = Param::new(Type::String, "name", "A group");
const WAIT: Param = Param::optional(Type::Boolean, "wait", "Answer only when it is done (the default)");
const SIGNAL: Param = Param::new(Type::String, "signal", "The signal, by name ('HUP') or by number ('1')");
const OFFSET: Param =
    Param::new(Type::Int, "offset", "Where to begin; below 0: that many bytes before the end");
const LENGTH: Param = Param::new(Type::Int, "length", "How many bytes; 0: up to the end");
const TAIL_OFFSET: Param =
    Param::new(Type::Int, "offset", "The offset that the previous call returned, or 0");
const TAIL_LENGTH: Param = Param::new(Type::Int, "length", "How many bytes at most");

const ALWAYS_TRUE: &str = "Always true; a failure is a fault";
const STATUSES: &str = "One struct for each process: name, group, status, description";

/// Sorted by name.
pub(super) const METHODS: &[Method] = &[
    Method {
        name: "supervisor.addProcessGroup",
        summary: &["Make a group run that the configuration, as read last, has."],
        params: &[GROUP],
        result: Type::Boolean,
        result_help: ALWAYS_TRUE,
    },
    Method {
        name: "supervisor.clearAllProcessLogs",
        summary: &["Empty the log files of all processes."],
        params: &[],
        result: Type::Array,
        result_help: STATUSES,
    },
    Method {
        name: "supervisor.clearLog",
        summary: &["Empty the log file of supervisord."],
        params: &[],
        result: Type::Boolean,
        result_help: ALWAYS_TRUE,
    },
    Method {
        name: "supervisor.clearProcessLog",
        summary: &["Empty the log files of a process. The same as clearProcessLogs."],
        params: &[PROCESS],
        result: Type::Boolean,
        result_help: ALWAYS_TRUE,
    },
    Method {
        name: "supervisor.clearProcessLogs",
        summary: &["Empty the stdout and stderr log files of a process."],
        params: &[PROCESS],
        result: Type::Boolean,
        result_help: ALWAYS_TRUE,
    },
    Method {
        name: "supervisor.getAPIVersion",
        summary: &["Tell the version of this interface. It changes when methods do."],
        params: &[],
        result: Type::String,
        result_help: "The version",
    },
    Method {
        name: "supervisor.getAllConfigInfo",
        summary: &[
            "Tell what the configuration, as read last, says of each process,",
            "whether it is in use or not.",
        ],
        params: &[],
        result: Type::Array,
        result_help: "One struct for each process",
    },
    Method {
        name: "supervisor.getAllProcessInfo",
        summary: &["Tell what getProcessInfo tells, for all processes."],
        params: &[],
        result: Type::Array,
        result_help: "One struct for each process",
    },
    Method {
        name: "supervisor.getIdentification",
        summary: &["Tell the identifier that the configuration gives to this supervisord."],
        params: &[],
        result: Type::String,
        result_help: "The identifier",
    },
    Method {
        name: "supervisor.getPID",
        summary: &["Tell the process id of supervisord."],
        params: &[],
        result: Type::Int,
        result_help: "The process id",
    },
    Method {
        name: "supervisor.getProcessInfo",
        summary: &["Tell the state of a process, since when, its process id and its log files."],
        params: &[PROCESS],
        result: Type::Struct,
        result_help: "What is known of the process",
    },
    Method {
        name: "supervisor.getState",
        summary: &["Tell whether supervisord runs, restarts or shuts down."],
        params: &[],
        result: Type::Struct,
        result_help: "A struct of statecode and statename",
    },
    Method {
        name: "supervisor.getSupervisorVersion",
        summary: &["Tell the version of supervisord."],
        params: &[],
        result: Type::String,
        result_help: "The version",
    },
    Method {
        name: "supervisor.getVersion",
        summary: &["Tell what getAPIVersion tells. For clients from before it existed."],
        params: &[],
        result: Type::String,
        result_help: "The version",
    },
    Method {
        name: "supervisor.readLog",
        summary: &["Read from the log file of supervisord."],
        params: &[OFFSET, LENGTH],
        result: Type::String,
        result_help: "The text",
    },
    Method {
        name: "supervisor.readMainLog",
        summary: &["Read from the log file of supervisord. The same as readLog."],
        params: &[OFFSET, LENGTH],
        result: Type::String,
        result_help: "The text",
    },
    Method {
        name: "supervisor.readProcessLog",
        summary: &["Read from the stdout log file of a process. The same as readProcessStdoutLog."],
        params: &[PROCESS, OFFSET, LENGTH],
        result: Type::String,
        result_help: "The text",
    },
    Method {
        name: "supervisor.readProcessStderrLog",
        summary: &["Read from the stderr log file of a process."],
        params: &[PROCESS, OFFSET, LENGTH],
        result: Type::String,
        result_help: "The text",
    },
    Method {
        name: "supervisor.readProcessStdoutLog",
        summary: &["Read from the stdout log file of a process."],
        params: &[PROCESS, OFFSET, LENGTH],
        result: Type::String,
        result_help: "The text",
    },
    Method {
        name: "supervisor.reloadConfig",
        summary: &[
            "Read the configuration again and tell which groups differ.",
            "Nothing is started or stopped: addProcessGroup and",
            "removeProcessGroup do that.",
        ],
        params: &[],
        result: Type::Array,
        result_help: "[[added, changed, removed]], each an array of names of groups",
    },
    Method {
        name: "supervisor.removeProcessGroup",
        summary: &["Forget a group, all of whose processes are stopped."],
        params: &[GROUP],
        result: Type::Boolean,
        result_help: ALWAYS_TRUE,
    },
    Method {
        name: "supervisor.restart",
        summary: &["Stop everything, read the configuration again and start anew."],
        params: &[],
        result: Type::Boolean,
        result_help: ALWAYS_TRUE,
    },
    Method {
        name: "supervisor.sendProcessStdin",
        summary: &["Write text to the standard input of a process, in UTF-8."],
        params: &[PROCESS, Param::new(Type::String, "chars", "The text")],
        result: Type::Boolean,
        result_help: ALWAYS_TRUE,
    },
    Method {
        name: "supervisor.sendRemoteCommEvent",
        summary: &["Send an event to the listeners that subscribed to REMOTE_COMMUNICATION."],
        params: &[
            Param::new(Type::String, "type", "What stands behind 'type:' in the body of the event"),
            Param::new(Type::String, "data", "The rest of the body"),
        ],
        result: Type::Boolean,
        result_help: ALWAYS_TRUE,
    },
    Method {
        name: "supervisor.shutdown",
        summary: &["Stop everything and end."],
        params: &[],
        result: Type::Boolean,
        result_help: ALWAYS_TRUE,
    },
    Method {
        name: "supervisor.signalAllProcesses",
        summary: &["Send a signal to all processes."],
        params: &[SIGNAL],
        result: Type::Array,
        result_help: STATUSES,
    },
    Method {
        name: "supervisor.signalProcess",
        summary: &["Send a signal to a process."],
        params: &[PROCESS_OR_GROUP, SIGNAL],
        result: Type::Boolean,
        result_help: ALWAYS_TRUE,
    },
    Method {
        name: "supervisor.signalProcessGroup",
        summary: &["Send a signal to the processes of a group."],
        params: &[GROUP, SIGNAL],
        result: Type::Array,
        result_help: STATUSES,
    },
    Method {
        name: "supervisor.startAllProcesses",
        summary: &["Start all processes, in the order of their priorities."],
        params: &[WAIT],
        result: Type::Array,
        result_help: STATUSES,
    },
    Method {
        name: "supervisor.startProcess",
        summary: &["Start a process."],
        params: &[PROCESS_OR_GROUP, WAIT],
        result: Type::Boolean,
        result_help: ALWAYS_TRUE,
    },
    Method {
        name: "supervisor.startProcessGroup",
        summary: &["Start the processes of a group, in the order of their priorities."],
        params: &[GROUP, WAIT],
        result: Type::Array,
        result_help: STATUSES,
    },
    Method {
        name: "supervisor.stopAllProcesses",
        summary: &["Stop all processes, in the reverse order of their priorities."],
        params: &[WAIT],
        result: Type::Array,
        result_help: STATUSES,
    },
    Method {
        name: "supervisor.stopProcess",
        summary: &["Stop a process."],
        params: &[PROCESS_OR_GROUP, WAIT],
        result: Type::Boolean,
        result_help: ALWAYS_TRUE,
    },
    Method {
        name: "supervisor.stopProcessGroup",
        summary: &["Stop the processes of a group, in the reverse order of their priorities."],
        params: &[GROUP, WAIT],
        result: Type::Array,
        result_help: STATUSES,
    },
    Method {
        name: "supervisor.tailProcessLog",
        summary: &["Follow the stdout log file of a process. The same as tailProcessStdoutLog."],
        params: &[PROCESS, TAIL_OFFSET, TAIL_LENGTH],
        result: Type::Array,
        result_help: "[text, offset, overflow]",
    },
    Method {
        name: "supervisor.tailProcessStderrLog",
        summary: &["Follow the stderr log file of a process, as tailProcessStdoutLog does stdout."],
        params: &[PROCESS, TAIL_OFFSET, TAIL_LENGTH],
        result: Type::Array,
        result_help: "[text, offset, overflow]",
    },
    Method {
        name: "supervisor.tailProcessStdoutLog",
        summary: &[
            "Follow the stdout log file of a process. When more than length bytes",
            "follow offset, overflow is true and the text is what the file ends",
            "with. The offset returned is the one to ask for next.",
        ],
        params: &[PROCESS, TAIL_OFFSET, TAIL_LENGTH],
        result: Type::Array,
        result_help: "[text, offset, overflow]",
    },
];
