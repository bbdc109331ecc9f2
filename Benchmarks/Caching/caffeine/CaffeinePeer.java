import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** The same cases as caching-benchmark, on Caffeine: reads CASE THREADS lines, answers nanoseconds of CPU time for an operation in the
 *  calling threads, and after it those of the whole process. Keys are boxed before, as Java does it best. */
final class CaffeinePeer {
    static final int CAPACITY = 100_000, RESIDENT = 50_000;
    static int[] keys;
    static Long[] boxed = new Long[1 << 20];
    static String[] names = new String[RESIDENT];
    static final Object payload = new Object();
    static volatile long sink;

    interface Body { long run(int offset); }

    public static void main(String[] arguments) throws Exception {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(Path.of(arguments[0]))).order(ByteOrder.LITTLE_ENDIAN);
        keys = new int[bytes.remaining() / 4];
        bytes.asIntBuffer().get(keys);
        for (int key = 0; key < boxed.length; key++) boxed[key] = (long) key;
        for (int key = 0; key < RESIDENT; key++) names[key] = "product:" + (key + 1_000_000);
        System.out.println("ready");
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] words = line.split(" ");
            System.out.println(measure(words[0], Integer.parseInt(words[1])));
        }
        System.exit(0);
    }

    static String measure(String subject, int threads) throws Exception {
        switch (subject) {
            case "hit": {
                Cache<Long, Object> cache = filled(Caffeine.newBuilder().maximumSize(CAPACITY).build());
                return onThreads(threads, offset -> hits(cache, offset));
            }
            case "hit-expiring": {
                Cache<Long, Object> cache = filled(
                    Caffeine.newBuilder().maximumSize(CAPACITY).expireAfterWrite(300, TimeUnit.SECONDS).build());
                return onThreads(threads, offset -> hits(cache, offset));
            }
            case "get-put": {
                Cache<Long, Object> cache = Caffeine.newBuilder().maximumSize(CAPACITY).build();
                getPuts(cache, 0);
                return onThreads(threads, offset -> getPuts(cache, offset));
            }
            case "put": {
                Cache<Long, Object> cache = Caffeine.newBuilder().maximumSize(CAPACITY).build();
                puts(cache, 0);
                return onThreads(threads, offset -> puts(cache, offset));
            }
            case "hit-text": {
                Cache<String, Object> cache = Caffeine.newBuilder().maximumSize(CAPACITY).build();
                for (String name : names) cache.put(name, new Object());
                return onThreads(threads, offset -> textHits(cache, offset));
            }
            default:
                return "unknown";
        }
    }

    static Cache<Long, Object> filled(Cache<Long, Object> cache) {
        for (int key = 0; key < RESIDENT; key++) cache.put(boxed[key], new Object());
        return cache;
    }

    static long hits(Cache<Long, Object> cache, int offset) {
        long found = 0;
        for (int number = 0; number < keys.length; number++) {
            int key = keys[(number + offset) & (keys.length - 1)];
            if (cache.getIfPresent(boxed[key % RESIDENT]) != null) found++;
        }
        return found;
    }

    static long textHits(Cache<String, Object> cache, int offset) {
        long found = 0;
        for (int number = 0; number < keys.length; number++) {
            int key = keys[(number + offset) & (keys.length - 1)];
            if (cache.getIfPresent(names[key % RESIDENT]) != null) found++;
        }
        return found;
    }

    static long getPuts(Cache<Long, Object> cache, int offset) {
        long found = 0;
        for (int number = 0; number < keys.length; number++) {
            Long key = boxed[keys[(number + offset) & (keys.length - 1)]];
            if (cache.getIfPresent(key) != null) found++;
            else cache.put(key, new Object());
        }
        return found;
    }

    static long puts(Cache<Long, Object> cache, int offset) {
        for (int number = 0; number < keys.length; number++) {
            cache.put(boxed[keys[(number + offset) & (keys.length - 1)]], payload);
        }
        return cache.estimatedSize();
    }

    static String onThreads(int count, Body body) throws Exception {
        var processes = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        var times = ManagementFactory.getThreadMXBean();
        AtomicLong spent = new AtomicLong();
        Thread[] threads = new Thread[count];
        long began = processes.getProcessCpuTime();
        for (int number = 0; number < count; number++) {
            int offset = (int) ((long) number * keys.length / count);
            threads[number] = new Thread(() -> {
                long start = times.getCurrentThreadCpuTime();
                sink += body.run(offset);
                spent.addAndGet(times.getCurrentThreadCpuTime() - start);
            });
            threads[number].start();
        }
        for (Thread thread : threads) thread.join();
        double operations = (double) count * keys.length;
        return String.format("%.1f %.1f", spent.get() / operations, (processes.getProcessCpuTime() - began) / operations);
    }
}
