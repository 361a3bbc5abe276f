using System.Globalization;
using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Page.Session;

/// <summary>Why a call gave no turn, in a few words.</summary>
internal static class Failure
{
    public static string Words(ExchangeRecord call)
    {
        var what = call.Outcome switch
        {
            "client_aborted" => "the client left",
            "upstream_aborted" => "the stream was cut",
            "no_response" => "no answer came",
            "incomplete" => "cut short",
            "not_decoded" => "not decoded",
            _ => call.Status is { } status ? $"refused ({status.ToString(CultureInfo.InvariantCulture)})" : "failed",
        };
        var why = call.Error is { } error ? error.Type ?? error.Code ?? error.Message : call.OutcomeReason;
        return why is null ? what : $"{what}: {why}";
    }
}
