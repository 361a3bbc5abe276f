using System.Text.Json.Nodes;

namespace Lethe.Proxy.Exec;

/// <summary>
/// Whether an agent has been told to trust the working directory: what a project's files say of where to send a key counts only then. Read in the
/// agent's own record of the answers to its question, which no project can write. A run without the question (<c>-p</c>) is not an answer.
/// </summary>
internal static class FolderTrust
{
    /// <summary>Claude Code: <c>projects[…].hasTrustDialogAccepted</c> of <c>.claude.json</c>, for the directory or the repository that it is in.</summary>
    public static bool OfClaudeCode(ExecEnvironment world)
    {
        var record = Path.Combine(world.Variable("CLAUDE_CONFIG_DIR") ?? world.Home, ".claude.json");
        return IsOwn(world) || (JsonConfig.Parse(world.ReadFile(record))?["projects"] is JsonObject projects
            && new[] { world.WorkingDirectory, Repository(world) }.OfType<string>().Any(directory => (projects[directory] as JsonObject)?["hasTrustDialogAccepted"] is JsonValue answer
                && answer.TryGetValue<bool>(out var accepted) && accepted));
    }

    /// <summary>Gemini CLI: the longest entry of <c>trustedFolders.json</c> that holds the directory.</summary>
    public static bool OfGeminiCli(ExecEnvironment world)
    {
        const string TrustFolder = "TRUST_FOLDER";
        const string TrustParent = "TRUST_PARENT";
        var record = world.Variable("GEMINI_CLI_TRUSTED_FOLDERS_PATH") ?? Path.Combine(world.Home, ".gemini", "trustedFolders.json");
        var answer = JsonConfig.Members(world.ReadFile(record))
            .Where(entry => entry.Value is TrustFolder or TrustParent or "DO_NOT_TRUST")
            .Where(entry => Holds(entry.Value == TrustParent ? Path.GetDirectoryName(entry.Name) : entry.Name, world.WorkingDirectory))
            .OrderByDescending(entry => entry.Name.Length)
            .FirstOrDefault();
        return IsOwn(world) || answer.Value is TrustFolder or TrustParent;
    }

    // What lies there is the person's own, not a project's.
    private static bool IsOwn(ExecEnvironment world) => world.WorkingDirectory == world.Home;

    private static string? Repository(ExecEnvironment world) => world.DirectoriesUpward.FirstOrDefault(directory =>
        world.ReadFile(Path.Combine(directory, ".git", "HEAD")) is not null || world.ReadFile(Path.Combine(directory, ".git")) is not null);

    private static bool Holds(string? folder, string directory) =>
        folder is not null && (directory == folder || directory.StartsWith(folder.TrimEnd('/') + "/", StringComparison.Ordinal));
}
