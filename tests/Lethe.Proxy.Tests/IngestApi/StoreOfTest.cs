using System.Globalization;
using System.Runtime.CompilerServices;
using Lethe.Ingest.Tests.Postgres;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Lethe.Proxy.Tests.IngestApi;

/// <summary>The product over either store, each test with one of its own.</summary>
internal static class StoreOfTest
{
    private static readonly ConditionalWeakTable<LetheUnderTest, string> Connections = [];
    private static int databases;

    public static async Task<LetheUnderTest> StartAsync(string sink, Action<LetheOptions>? change = null, Action<IServiceCollection>? configure = null)
    {
        var connection = sink == "postgres" ? NewDatabase() : "";
        var lethe = await LetheUnderTest.StartAsync(options =>
        {
            if (sink == "postgres")
            {
                (options.Sink, options.Postgres.ConnectionString) = ("postgres", connection);
            }

            change?.Invoke(options);
        }, configure);
        Connections.Add(lethe, connection);
        return lethe;
    }

    public static string ConnectionOf(LetheUnderTest lethe) => Connections.TryGetValue(lethe, out var connection) ? connection : "";

    private static string NewDatabase()
    {
        var name = $"ingest_{Interlocked.Increment(ref databases).ToString(CultureInfo.InvariantCulture)}";
        PostgresServer.Shared.Create(name);
        return PostgresServer.Shared.ConnectionString(name);
    }
}
