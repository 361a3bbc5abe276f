namespace Lethe.Proxy.Exec;

/// <summary>Gemini CLI: its variables may stand in a <c>.env</c> file, which gives way to the process environment.</summary>
internal static class GeminiCli
{
    public static void Apply(ExecDraft draft)
    {
        var file = DotEnv.Variables(EnvironmentFile(draft.World));
        draft.Environment["GOOGLE_GEMINI_BASE_URL"] = draft.Addresses.Through("gemini", Of("GOOGLE_GEMINI_BASE_URL"), "");
        draft.Environment["CODE_ASSIST_ENDPOINT"] = draft.Addresses.Through("code-assist", Of("CODE_ASSIST_ENDPOINT"), "");
        if (SdkVariables.VertexAddress(Of) is { } vertex)
        {
            draft.Environment[SdkVariables.VertexBaseUrl] = draft.Addresses.Through("vertex", vertex, "");
        }

        string? Of(string name) => draft.World.Variable(name) ?? file.GetValueOrDefault(name);
    }

    /// <summary>The first file there is: upward from the working directory, then at home; in each directory that of <c>.gemini</c> before its own.</summary>
    private static string? EnvironmentFile(ExecEnvironment world) => world.DirectoriesUpward.Append(world.Home)
        .SelectMany(directory => new[] { Path.Combine(directory, ".gemini", ".env"), Path.Combine(directory, ".env") })
        .Select(world.ReadFile)
        .FirstOrDefault(text => text is not null);
}
