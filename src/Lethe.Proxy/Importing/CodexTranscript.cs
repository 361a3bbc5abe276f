using System.Runtime.CompilerServices;
using System.Text.Json;
using Lethe.Proxy.IngestApi;

namespace Lethe.Proxy.Importing;

/// <summary>A transcript of Codex (<c>~/.codex/sessions/**/rollout-*.jsonl</c>): one thread, a sub-agent's or a fork's as well.</summary>
internal static class CodexTranscript
{
    /// <summary>True for a line that such a file holds.</summary>
    public static bool Is(JsonElement line) => RetoldCall.Word(line, "type") is not null && line.Field("payload") is { ValueKind: JsonValueKind.Object };

    public static async IAsyncEnumerable<ImportItem> ReadAsync(string path, [EnumeratorCancellation] CancellationToken cancel)
    {
        var thread = new CodexThread();
        await foreach (var line in FileLines.ReadAsync(path, cancel))
        {
            if (Read(line, thread) is { } item)
            {
                yield return item;
            }
        }
    }

    private static ImportItem? Read(FileLine line, CodexThread thread)
    {
        using var document = line.Bytes is { } bytes ? Fields.Parse(bytes) : null;
        return document?.RootElement is { } said ? thread.Read(line.Number, said)
            : ImportItem.Faulty(line.Number, line.Fault);
    }
}
