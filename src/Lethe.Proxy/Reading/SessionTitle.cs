using System.Text.Json;
using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Reading;

/// <summary>What a session is called: the name it was given, else what a model answered that was asked for a title, else the first line of the first prompt, else the harness's own id.</summary>
internal static class SessionTitle
{
    private const int IdCharactersMax = 48;

    private static readonly string[] TitleFields = ["title", "name"];

    public static string Of(SessionSummary session, string? firstPrompt) => Of(session, null, firstPrompt).Title;

    /// <param name="titleReply">As <see cref="SessionSigns.TitleReply"/>.</param>
    /// <returns>The title, and where it comes from (<see cref="SessionSummary.TitleOrigin"/>).</returns>
    public static (string Title, string Origin) Of(SessionSummary session, string? titleReply, string? firstPrompt) =>
        session.Name is { } name ? (name, "name")
        : titleReply is not null && Answered(titleReply) is { Length: > 0 } title ? (title, "title_call")
        : firstPrompt is not null ? (PromptText.Title(firstPrompt), "prompt")
        : (Terminal.Format.OneLine(session.HarnessSessionId, IdCharactersMax), "id");

    // Some harnesses ask for JSON, some for a line; null where the answer is that there is none.
    private static string? Answered(string reply)
    {
        var text = reply.Trim();
        if (!text.StartsWith('{'))
        {
            return PromptText.Title(text.Trim('"'));
        }

        try
        {
            using var document = JsonDocument.Parse(text);
            return TitleFields.Select(field => JsonWord.Of(document.RootElement, field)).FirstOrDefault(word => word is { Length: > 0 }) is { } title ? PromptText.Title(title) : null;
        }
        catch (JsonException)
        {
            // A model may write anything where JSON is asked for.
            return null;
        }
    }
}
