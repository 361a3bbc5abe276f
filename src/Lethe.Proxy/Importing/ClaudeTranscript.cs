using System.Runtime.CompilerServices;
using System.Text.Json;
using Lethe.Proxy.IngestApi;

namespace Lethe.Proxy.Importing;

/// <summary>
/// A transcript of Claude Code (<c>~/.claude/projects/**/*.jsonl</c>): lines of people, tools, answers and much beside. Answers of no model
/// (<c>&lt;synthetic&gt;</c>) are no calls; those of sub-agents stand in files of their own, or, of older releases, among the others.
/// </summary>
internal static class ClaudeTranscript
{
    /// <summary>An answer of which no end is told may still be growing; after this it is not.</summary>
    private static readonly TimeSpan GrowsMax = TimeSpan.FromMinutes(5);

    private const int ThreadsMax = 1024;

    /// <summary>True for a line that such a file holds.</summary>
    public static bool Is(JsonElement line) => RetoldCall.Word(line, "type") is not null && RetoldCall.Word(line, "sessionId") is not null;

    public static async IAsyncEnumerable<ImportItem> ReadAsync(string path, TimeProvider time, [EnumeratorCancellation] CancellationToken cancel)
    {
        var agent = await ClaudeAgent.OfAsync(path, cancel);
        var threads = new Dictionary<string, ClaudeThread>(StringComparer.Ordinal);
        await foreach (var line in FileLines.ReadAsync(path, cancel))
        {
            if (Read(line, threads, agent) is { } item)
            {
                yield return item;
            }
        }

        foreach (var thread in threads.Values)
        {
            if (thread.End(time.GetUtcNow() - GrowsMax) is { } last)
            {
                yield return last;
            }
        }
    }

    private static ImportItem? Read(FileLine line, Dictionary<string, ClaudeThread> threads, ClaudeAgent agent)
    {
        using var document = line.Bytes is { } bytes ? Fields.Parse(bytes) : null;
        if (document?.RootElement is not { } said)
        {
            return ImportItem.Faulty(line.Number, line.Fault);
        }

        var type = RetoldCall.Word(said, "type");
        if (type is not ("user" or "assistant" or "attachment"))
        {
            return null;
        }

        var isAside = said.Field("isSidechain") is { ValueKind: JsonValueKind.True };
        var name = RetoldCall.Word(said, "agentId") ?? (isAside ? "sidechain" : "");
        if (!threads.TryGetValue(name, out var thread))
        {
            if (threads.Count == ThreadsMax)
            {
                return ImportItem.Faulty(line.Number, "too_many_threads");
            }

            threads[name] = thread = new ClaudeThread(agent);
        }

        if (type != "assistant")
        {
            thread.Hear(said);
            return null;
        }

        return said.Field("message") is not { ValueKind: JsonValueKind.Object } message || RetoldCall.Time(said) is not { } at ? ImportItem.Faulty(line.Number, ImportItem.BadField)
            : RetoldCall.Word(message, "model") == "<synthetic>" ? null
            : thread.Answered(line.Number, said, message, at);
    }
}
