using System.Buffers;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Harnesses;

namespace Lethe.Proxy.ExtProc.Policies;

/// <summary>
/// Looks for the first rule that one call meets: in its headers, and where only the model is open, in its body as it passes. Nothing is held
/// back for that: what the upstream has got by then has no end, and is cut off.
/// </summary>
internal sealed class BlockCheck(IReadOnlyList<BlockRule> rules)
{
    private readonly ModelScan scan = new();
    private List<BlockRule> open = [];

    /// <summary>True while the body may still meet a rule.</summary>
    public bool ReadsBody => open.Count > 0;

    public BlockRule? TakeHead(CallHeaders headers)
    {
        var target = headers.Target ?? "";
        var harness = new Lazy<string>(() => HarnessOf(headers, target));
        open = [.. rules.Where(rule => rule.FitsHead(target, harness))];
        return open.Find(rule => rule.Model is null) ?? (ModelOf(target) is { } model ? open.Find(rule => rule.FitsModel(model)) : null);
    }

    public BlockRule? TakeBody(in ReadOnlySequence<byte> body)
    {
        foreach (var segment in body)
        {
            var part = segment.Span;
            while (scan.Next(ref part) is { } model)
            {
                if (open.Find(rule => rule.FitsModel(model)) is { } met)
                {
                    return met;
                }
            }
        }

        return null;
    }

    private static string HarnessOf(CallHeaders headers, string target)
    {
        var head = new CapturedExchange
        {
            Id = default,
            CommitKey = "",
            Door = Door.ExtProc,
            CapturedAt = default,
            Method = headers.Method ?? "",
            Path = target.Split('?')[0],
            RequestHeaders = headers.Fields,
            Ending = Ending.Incomplete,
        };
        return HarnessDetector.Detect(head, null, null, null).HarnessId;
    }

    // Some APIs name the model in the path: …/models/NAME:generateContent, …/deployments/NAME/….
    private static string? ModelOf(string target)
    {
        foreach (var before in (ReadOnlySpan<string>)["/models/", "/deployments/"])
        {
            var at = target.IndexOf(before, StringComparison.Ordinal);
            if (at >= 0)
            {
                var name = target[(at + before.Length)..];
                var end = name.AsSpan().IndexOfAny(':', '/', '?');
                return Uri.UnescapeDataString(end < 0 ? name : name[..end]);
            }
        }

        return null;
    }
}
