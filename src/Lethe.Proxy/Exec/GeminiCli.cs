namespace Lethe.Proxy.Exec;

/// <summary>Gemini CLI: its variables may stand in a <c>.env</c> file, which gives way to the process environment. A project's counts where the folder is trusted.</summary>
internal static class GeminiCli
{
    private const string BaseUrl = "GOOGLE_GEMINI_BASE_URL";
    private const string CodeAssist = "CODE_ASSIST_ENDPOINT";

    public static void Apply(ExecDraft draft)
    {
        var world = draft.World;
        var file = EnvironmentFile(draft);
        draft.Environment[BaseUrl] = draft.Addresses.Through("gemini", Of(BaseUrl), "");
        draft.Environment[CodeAssist] = draft.Addresses.Through("code-assist", Of(CodeAssist), "");
        if (SdkVariables.VertexAddress(Of) is { } vertex)
        {
            draft.Environment[SdkVariables.VertexBaseUrl] = draft.Addresses.Through("vertex", vertex, "");
        }

        FoundAddress? Of(string name) => world.Address(name)
            ?? (file is var (path, variables) && variables.GetValueOrDefault(name) is { } value ? new FoundAddress(value, $"{name} in {world.Named(path)}") : null);
    }

    /// <summary>The first file there is: upward from the working directory, then at home; in each directory that of <c>.gemini</c> before its own.</summary>
    private static (string Path, IReadOnlyDictionary<string, string> Variables)? EnvironmentFile(ExecDraft draft)
    {
        var world = draft.World;
        var isTrusted = FolderTrust.OfGeminiCli(world);
        foreach (var directory in world.DirectoriesUpward.Append(world.Home))
        {
            foreach (var path in new[] { Path.Combine(directory, ".gemini", ".env"), Path.Combine(directory, ".env") })
            {
                if (world.ReadFile(path) is not { } text)
                {
                    continue;
                }

                var variables = DotEnv.Variables(text);
                if (isTrusted || directory == world.Home)
                {
                    return (path, variables);
                }

                foreach (var name in new[] { BaseUrl, CodeAssist, SdkVariables.VertexBaseUrl }.Where(variables.ContainsKey))
                {
                    draft.Notes.Add($"{world.Named(path)} names {name} {BaseAddresses.Shown(variables[name])}. It is not used: gemini has not been told to trust this folder");
                }
            }
        }

        return null;
    }
}
