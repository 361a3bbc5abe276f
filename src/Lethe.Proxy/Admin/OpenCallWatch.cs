using System.Text.Json;
using Lethe.Proxy.Reading;
using Lethe.Proxy.Recording;

namespace Lethe.Proxy.Admin;

/// <summary>What of the calls on their way is new to one listener.</summary>
internal sealed class OpenCallWatch(OpenCalls calls, string org, string? session, TimeProvider time)
{
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, (long ToldAt, long Bytes)> known = new(StringComparer.Ordinal);

    /// <summary>Events, ready to be sent.</summary>
    public IReadOnlyList<string> Look()
    {
        var events = new List<string>();
        var open = calls.Of(org);
        foreach (var call in open.Where(call => session is null || call.SessionId == session))
        {
            var bytes = call.RequestBytes + call.ResponseBytes;
            if (!known.TryGetValue(call.ExchangeId, out var told))
            {
                events.Add(Event("started", call));
            }
            else if (told.Bytes != bytes && time.GetElapsedTime(told.ToldAt) >= ProgressInterval)
            {
                events.Add(Event("progress", call));
            }
            else
            {
                continue;
            }

            known[call.ExchangeId] = (time.GetTimestamp(), bytes);
        }

        foreach (var gone in known.Keys.Except(open.Select(call => call.ExchangeId)).ToList())
        {
            known.Remove(gone);
        }

        return events;
    }

    private static string Event(string name, OpenCall call) => $"event: {name}\ndata: {JsonSerializer.Serialize(call, ApiJson.Default.OpenCall)}\n\n";
}
