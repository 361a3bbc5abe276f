using System.Buffers;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Harnesses;
using Lethe.Proxy.ExtProc.Wire;

namespace Lethe.Proxy.ExtProc.Policies;

/// <summary>
/// Looks for the first rule that one call meets: in its headers, and where only the model is open, in its body as it passes. Nothing is held
/// back for that: what the upstream has got by then has no end, and is cut off.
/// </summary>
internal sealed class BlockCheck(IReadOnlyList<BlockRule> rules) : IDisposable
{
    private readonly ModelScan scan = new();
    private List<BlockRule> open = [];
    private CodedBody? coded;

    /// <summary>True while the body may still meet a rule.</summary>
    public bool ReadsBody => open.Count > 0;

    public BlockRule? TakeHead(CallHeaders headers)
    {
        var path = new PathForms(headers.Target ?? "");
        var harness = new Lazy<string>(() => HarnessOf(headers, path));
        open = [.. rules.Where(rule => rule.FitsHead(path, harness))];
        return open.Find(rule => rule.Model is null) ?? open.Find(rule => path.Models.Any(rule.FitsModel));
    }

    /// <summary>A body follows, in these codings (RFC 9110 §8.4). What cannot be read could name any model, and meets the first rule that is open.</summary>
    public BlockRule? OpenBody(string? contentEncoding)
    {
        if (!CodedBody.TryOpen(contentEncoding, out coded))
        {
            return open[0];
        }

        return null;
    }

    public BlockRule? TakeBody(in ReadOnlySequence<byte> body)
    {
        foreach (var segment in body)
        {
            if ((coded is null ? Take(segment.Span) : TakeCoded(coded, segment)) is { } met)
            {
                return met;
            }
        }

        return null;
    }

    public void Dispose() => coded?.Dispose();

    private BlockRule? TakeCoded(CodedBody coded, ReadOnlyMemory<byte> part)
    {
        coded.Put(part);
        while (coded.Read() is { IsEmpty: false } plain)
        {
            if (Take(plain) is { } met)
            {
                return met;
            }
        }

        return coded.IsUnreadable ? open[0] : null;
    }

    private BlockRule? Take(ReadOnlySpan<byte> part)
    {
        while (scan.Next(ref part) is { } model)
        {
            if (open.Find(rule => rule.FitsModel(model)) is { } met)
            {
                return met;
            }
        }

        return null;
    }

    private static string HarnessOf(CallHeaders headers, PathForms path)
    {
        var head = new CapturedExchange
        {
            Id = default,
            CommitKey = "",
            Door = Door.ExtProc,
            CapturedAt = default,
            Method = headers.Method ?? "",
            Path = path.Sent,
            RequestHeaders = headers.Fields,
            Ending = Ending.Incomplete,
        };
        return HarnessDetector.Detect(head, null, null, null).HarnessId;
    }
}
