using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Page.Session;

/// <summary>What a session is called: the name it was given, else the first line of the first prompt, else the harness's own id.</summary>
internal static class SessionTitle
{
    private const int IdCharactersMax = 48;

    public static string Of(SessionSummary session, string? firstPrompt) =>
        session.Name ?? (firstPrompt is null ? Terminal.Format.OneLine(session.HarnessSessionId, IdCharactersMax) : PromptText.Title(firstPrompt));
}
