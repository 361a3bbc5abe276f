using System.Text.Json;

namespace Lethe.Capture.Harnesses;

/// <summary>The names of the tools that a request offers: the last sign of a harness that gives no other.</summary>
internal static class ToolSet
{
    /// <summary>True when the request offers these tools, in this order, and no others.</summary>
    public static bool Is(WireEvidence wire, params ReadOnlySpan<string> names)
    {
        if (wire.BodyValue("tools") is not { ValueKind: JsonValueKind.Array } tools || tools.GetArrayLength() != names.Length)
        {
            return false;
        }

        for (var i = 0; i < names.Length; i++)
        {
            var tool = tools[i];
            var name = WireEvidence.Text(tool, "name") ?? WireEvidence.Text(WireEvidence.Member(tool, "function"), "name");
            if (name != names[i])
            {
                return false;
            }
        }

        return true;
    }
}
