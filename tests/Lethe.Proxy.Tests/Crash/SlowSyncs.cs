using System.Globalization;
using System.Reflection;

namespace Lethe.Proxy.Tests.Crash
{
    /// <summary>A disk that takes its time to sync, in a lethe of its own process.</summary>
    internal static class SlowSyncs
    {
        public const string Milliseconds = "LETHE_TEST_SYNC_MILLISECONDS";

        /// <summary>What the process has to be started with.</summary>
        public static (string Key, string Value)[] Of(int milliseconds) => milliseconds == 0
            ? []
            : [("DOTNET_STARTUP_HOOKS", typeof(SlowSyncs).Assembly.Location), (Milliseconds, milliseconds.ToString(CultureInfo.InvariantCulture))];
    }
}

/// <summary>Runs in the lethe that is tested, before its first line. https://github.com/dotnet/runtime/blob/main/docs/design/features/host-startup-hook.md</summary>
internal static class StartupHook
{
    public static void Initialize()
    {
        var pause = TimeSpan.FromMilliseconds(int.Parse(Environment.GetEnvironmentVariable(Lethe.Proxy.Tests.Crash.SlowSyncs.Milliseconds)!, CultureInfo.InvariantCulture));
        var type = Assembly.Load("Lethe.Ingest").GetType("Lethe.Ingest.Journaling.JournalDisk", throwOnError: true)!;
        var disk = type.GetField("Real")!.GetValue(null)!;
        var sync = type.GetField("<Sync>k__BackingField", BindingFlags.Instance | BindingFlags.NonPublic)!;
        var real = (Delegate)sync.GetValue(disk)!;
        sync.SetValue(disk, (Action<Microsoft.Win32.SafeHandles.SafeFileHandle>)(file =>
        {
            using var slow = new ManualResetEventSlim();
            slow.Wait(pause);
            real.DynamicInvoke(file);
        }));
    }
}
