using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Reading;

/// <summary>Which session a tool call started: one that begins with a string among the call's arguments.</summary>
internal static class StartedSessions
{
    /// <summary>
    /// Gives the session that a call with such arguments (JSON) started; null where it started none. Calls are to be asked about in the order in which they were made:
    /// of sessions that begin with the same words each is another call's, the first to begin the first's.
    /// </summary>
    public static Func<string, SessionSummary?> By(StoreReader reader, string org, IEnumerable<SessionSummary> children)
    {
        var beginnings = new Dictionary<string, Queue<SessionSummary>>(StringComparer.Ordinal);
        foreach (var child in children.OrderBy(child => child.FirstSeenAt).ThenBy(child => child.SessionId, StringComparer.Ordinal))
        {
            foreach (var text in FirstPrompt.AllOf(reader, org, child).Select(prompt => prompt.Trim()).Distinct(StringComparer.Ordinal))
            {
                (beginnings.TryGetValue(text, out var same) ? same : beginnings[text] = []).Enqueue(child);
            }
        }

        var started = new HashSet<string>();
        return arguments => beginnings.Count == 0 || arguments.Length == 0 ? null
            : ToolArguments.Texts(arguments).Select(text => Next(text.Trim())).FirstOrDefault(child => child is not null);

        SessionSummary? Next(string words)
        {
            while (beginnings.TryGetValue(words, out var same) && same.TryDequeue(out var child))
            {
                if (started.Add(child.SessionId))
                {
                    return child;
                }
            }

            return null;
        }
    }
}
