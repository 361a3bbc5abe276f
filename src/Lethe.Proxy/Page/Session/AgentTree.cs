using System.Text.Json;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Reading;

namespace Lethe.Proxy.Page.Session;

/// <summary>All agents below a root, each under the one that started it.</summary>
internal static class AgentTree
{
    /// <summary>Sessions that one page shows; what is left off is said.</summary>
    public const int AgentsMax = 200;

    private static readonly string[] KindFields = ["subagent_type", "agent_type", "agent"];

    /// <summary>Calls that one lane shows.</summary>
    private const int CallsMax = 2000;

    /// <summary>The topmost session above this one. Parents never form a circle in the store.</summary>
    public static SessionDetail Root(StoreReader reader, string org, SessionDetail detail)
    {
        for (var up = 0; up < AgentsMax && detail.Session.ParentSessionId is { } parent && reader.Session(org, parent) is { } above; up++)
        {
            detail = above;
        }

        return detail;
    }

    /// <summary>Depth first, children in the order in which they were first heard.</summary>
    public static IReadOnlyList<AgentView> Below(StoreReader reader, string org, SessionDetail root)
    {
        var agents = new List<AgentView>();
        Add(root, 0);
        return agents;

        long Add(SessionDetail detail, int depth)
        {
            var place = agents.Count;
            var calls = reader.Exchanges(org, new ExchangeFilter { SessionId = detail.Session.SessionId, Limit = CallsMax, FactsAlone = true }).ToArray();
            agents.Add(new AgentView(detail.Session, depth, calls, 0));
            var total = detail.Session.Counters.CostNanoUsd;
            foreach (var child in detail.Children.OrderBy(child => child.FirstSeenAt).ThenBy(child => child.SessionId, StringComparer.Ordinal))
            {
                if (agents.Count < AgentsMax && reader.Session(org, child.SessionId) is { } below)
                {
                    total += Add(below, depth + 1);
                }
            }

            agents[place] = agents[place] with { TotalNanoUsd = total };
            return total;
        }
    }

    /// <summary>The kind of agent that a tool call's arguments (JSON) name; null where they name none.</summary>
    public static string? KindOf(string arguments) => ToolArguments.Read(
        arguments,
        all => KindFields.Select(field => all.TryGetProperty(field, out var kind) && kind.ValueKind == JsonValueKind.String ? JsonWord.Text(kind) : null).FirstOrDefault(kind => kind is { Length: > 0 }));
}
