using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Exec;

/// <summary>Finds the file of a command by <c>PATH</c> alone, as a shell does: what lies in the working directory, or beside lethe, is not meant by a bare name.</summary>
internal static class AgentProgram
{
    private const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <returns>A rooted path.</returns>
    /// <exception cref="CommandFailure">With a shell's exit codes: 127 for no such command, 126 for one that cannot be run.</exception>
    public static string Find(ExecEnvironment world, string command)
    {
        var candidates = IsPath(command)
            ? [Path.GetFullPath(command, world.WorkingDirectory)]
            // An entry that is empty or relative would mean the working directory.
            : (world.Variable("PATH") ?? "").Split(Path.PathSeparator).Where(Path.IsPathRooted).SelectMany(directory => Names(world, command).Select(name => Path.Combine(directory, name))).ToArray();
        var present = candidates.Where(File.Exists).ToList();
        return present.Find(IsExecutable)
            ?? throw (present.Count > 0 || Array.Exists(candidates, candidate => IsPath(command) && Directory.Exists(candidate))
                ? new CommandFailure(ExitCode.NotExecutable, CannotRun(command))
                : new CommandFailure(ExitCode.NotFound, $"lethe: {command}: command not found"));
    }

    public static string CannotRun(string command) => $"lethe: {command}: cannot be run";

    private static bool IsPath(string command) => command.Contains('/', StringComparison.Ordinal) || command.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal);

    private static IEnumerable<string> Names(ExecEnvironment world, string command) => OperatingSystem.IsWindows()
        ? (world.Variable("PATHEXT") ?? ".EXE").Split(Path.PathSeparator).Select(extension => command + extension).Prepend(command)
        : [command];

    private static bool IsExecutable(string path) => OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & Executable) != 0;
}
