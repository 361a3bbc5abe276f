using System.Text;
using System.Text.Json;
using Lethe.Proxy.IngestApi;

namespace Lethe.Proxy.Importing;

/// <summary>What Claude Code notes of a sub-agent beside its transcript: of which kind it is, and which sub-agent has called it; null where it was the session itself.</summary>
internal sealed record ClaudeAgent(string? Type, string? Parent)
{
    private const int MetaBytesMax = 1024 * 1024;
    private const string Prefix = "agent-";

    public static ClaudeAgent Nobody { get; } = new(null, null);

    public static async Task<ClaudeAgent> OfAsync(string transcript, CancellationToken cancel)
    {
        var meta = new FileInfo(Path.ChangeExtension(transcript, ".meta.json"));
        if (!meta.Exists || meta.Length > MetaBytesMax)
        {
            return Nobody;
        }

        using var document = Fields.Parse(await File.ReadAllBytesAsync(meta.FullName, cancel));
        if (document?.RootElement is not { } told)
        {
            return Nobody;
        }

        var isDeep = told.Field("spawnDepth") is { ValueKind: JsonValueKind.Number } depth && depth.TryGetInt32(out var steps) && steps > 1;
        return new ClaudeAgent(
            RetoldCall.Word(told, "agentType"), isDeep && RetoldCall.Word(told, "toolUseId") is { } call ? await CallerAsync(transcript, call, cancel) : null);
    }

    // The transcript beside this one that asked for the tool.
    private static async Task<string?> CallerAsync(string transcript, string call, CancellationToken cancel)
    {
        var asked = Encoding.UTF8.GetBytes($"\"id\":\"{call}\"");
        foreach (var sibling in Directory.EnumerateFiles(Path.GetDirectoryName(transcript)!, Prefix + "*.jsonl").Where(file => file != transcript).Order(StringComparer.Ordinal))
        {
            await foreach (var line in FileLines.ReadAsync(sibling, cancel))
            {
                if (line.Bytes.AsSpan().IndexOf(asked) >= 0)
                {
                    return Path.GetFileNameWithoutExtension(sibling)[Prefix.Length..];
                }
            }
        }

        return null;
    }
}
