using System.Text.Json;

namespace Lethe.Capture.Harnesses;

/// <summary>The names of the tools that a request offers: the last sign of a harness that gives no other.</summary>
internal sealed class ToolSet
{
    private readonly List<string> names = [];

    public ToolSet(WireEvidence wire)
    {
        if ((wire.BodyValue("tools") ?? wire.BodyValue("request.tools")) is not { ValueKind: JsonValueKind.Array } tools)
        {
            return;
        }

        foreach (var tool in tools.EnumerateArray().Take(WireLimits.ToolsMax))
        {
            if (WireEvidence.Member(tool, "functionDeclarations") is { ValueKind: JsonValueKind.Array } declared)
            {
                names.AddRange(declared.EnumerateArray().Take(WireLimits.ToolsMax).Select(one => WireEvidence.Text(one, "name")).OfType<string>());
            }
            else if ((WireEvidence.Text(tool, "name") ?? WireEvidence.Text(WireEvidence.Member(tool, "function"), "name")) is { } name)
            {
                names.Add(name);
            }
        }
    }

    /// <summary>True when the request offers these tools, in this order, and no others.</summary>
    public static bool Is(WireEvidence wire, params ReadOnlySpan<string> names) => wire.Tools.names.ToArray().AsSpan().SequenceEqual(names);

    /// <summary>True when all of these are among them.</summary>
    public bool Have(string[] wanted) => names.Count >= wanted.Length && Array.TrueForAll(wanted, names.Contains);
}
